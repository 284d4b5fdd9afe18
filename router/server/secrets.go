package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"runtime"

	"mjpegazer/router/access"
	"mjpegazer/router/server/internal/config"
)

// openAccess reads the files of access control.
func openAccess(c *config.Config, log *slog.Logger) (*access.Control, error) {
	a := &c.Access
	opened := &access.Control{Hosts: a.Hosts.Values, Origins: a.Origins.Values, Log: log}
	opened.Proxies, _ = access.ParseProxies(a.Proxies.Values) // checked before
	var failed1, failed2 error
	if a.UsersFile != "" {
		warnOfReaders(log, "-users", a.UsersFile)
		users, err := access.OpenUsers(a.UsersFile, log)
		if err != nil {
			failed1 = c.Fault("users", err)
		}
		opened.Users = users
	}
	if a.TokenFile != "" {
		warnOfReaders(log, "-token", a.TokenFile)
		token, err := access.OpenToken(a.TokenFile, log)
		if failed := (*fs.PathError)(nil); errors.As(err, &failed) { // a token that was given itself must not be repeated
			err = fmt.Errorf("give the name of a file that holds the token: %s: %w", failed.Op, failed.Err)
		}
		if err != nil {
			failed2 = c.Fault("token", err)
		}
		opened.Token = token
	}
	return opened, errors.Join(failed1, failed2)
}

// openTLS returns how to serve HTTPS, or nil where it is not served.
func openTLS(c *config.Config, log *slog.Logger) (*tls.Config, error) {
	a := &c.Access
	if a.CertFile == "" {
		return nil, nil
	}
	warnOfReaders(log, "-tls-key", a.KeyFile)
	certificate, err := openCertificate(a.CertFile, a.KeyFile, log)
	if err != nil {
		return nil, c.Fault("tls-cert", fmt.Errorf("with -tls-key: %w", err))
	}
	return &tls.Config{GetCertificate: certificate.get, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// warnOfReaders warns of a secret that every user of the machine can read. Windows has no such bits.
func warnOfReaders(log *slog.Logger, flag, file string) {
	info, err := os.Stat(file)
	if err == nil && info.Mode().IsRegular() && info.Mode()&0o004 != 0 && runtime.GOOS != "windows" {
		log.Warn("every user of this machine can read this file: run chmod o-r on it", "flag", flag, "file", file)
	}
}

// warnOfPublic warns of cameras that anyone can watch, unless that is intended.
func warnOfPublic(c *config.Config, log *slog.Logger, listeners []net.Listener) {
	if a := &c.Access; a.Public || a.UsersFile != "" || a.TokenFile != "" {
		return
	}
	for _, l := range listeners {
		if address, ok := l.Addr().(*net.TCPAddr); ok && !address.IP.IsLoopback() {
			log.Warn("anyone who can reach this address can watch: restrict it with -users or -token, or confirm with -public",
				"address", address.String())
		}
	}
}
