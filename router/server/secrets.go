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
)

// open reads the files.
func (a *accessSettings) open(log *slog.Logger) (*access.Control, error) {
	opened := &access.Control{Hosts: a.hosts.values, Origins: a.origins.values, Log: log}
	opened.Proxies, _ = access.ParseProxies(a.proxies.values) // checked before
	var err error
	if a.usersFile != "" {
		warnOfReaders(log, "-users", a.usersFile)
		if opened.Users, err = access.OpenUsers(a.usersFile, log); err != nil {
			return nil, fmt.Errorf("-users: %w", err)
		}
	}
	if a.tokenFile != "" {
		warnOfReaders(log, "-token", a.tokenFile)
		opened.Token, err = access.OpenToken(a.tokenFile, log)
		if failed := (*fs.PathError)(nil); errors.As(err, &failed) { // a token that was given itself must not be repeated
			return nil, fmt.Errorf("-token takes the name of a file that holds the token: %s: %w", failed.Op, failed.Err)
		} else if err != nil {
			return nil, fmt.Errorf("-token: %w", err)
		}
	}
	return opened, nil
}

// tls returns how to serve HTTPS, or nil where it is not served.
func (a *accessSettings) tls(log *slog.Logger) (*tls.Config, error) {
	if a.certFile == "" {
		return nil, nil
	}
	warnOfReaders(log, "-tls-key", a.keyFile)
	certificate, err := openCertificate(a.certFile, a.keyFile, log)
	if err != nil {
		return nil, fmt.Errorf("-tls-cert, -tls-key: %w", err)
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
func (a *accessSettings) warnOfPublic(log *slog.Logger, listeners []net.Listener) {
	if a.public || a.usersFile != "" || a.tokenFile != "" {
		return
	}
	for _, l := range listeners {
		if address, ok := l.Addr().(*net.TCPAddr); ok && !address.IP.IsLoopback() {
			log.Warn("anyone who can reach this address can watch: restrict it with -users or -token, or confirm with -public",
				"address", address.String())
		}
	}
}
