package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"

	"mjpegazer/router/access"
	"mjpegazer/router/server/internal/config"
)

// openAccess reads the files of access control. Of those that are the same as before what is known stays, such as the
// passwords that were right.
func openAccess(c, before *config.Config, control *access.Control, log *slog.Logger) (*access.Control, error) {
	a := &c.Access
	opened := &access.Control{Hosts: a.Hosts.Values, Origins: a.Origins.Values, Public: a.Public, Viewers: c.Viewers(), Log: log}
	opened.Proxies, _ = access.ParseProxies(a.Proxies.Values) // checked before
	var failed [3]error
	switch {
	case a.UsersFile == "":
	case before != nil && before.Access.UsersFile == a.UsersFile:
		opened.Users = control.Users
	default:
		opened.Users, failed[0] = openUsers(c, log)
	}
	switch {
	case a.TokenFile == "":
	case before != nil && before.Access.TokenFile == a.TokenFile:
		opened.Token = control.Token
	default:
		opened.Token, failed[1] = openToken(c, "token", a.TokenFile, log)
	}
	opened.Tokens, failed[2] = openTokens(c, before, control, log)
	return opened, errors.Join(failed[:]...)
}

// openTokens reads the files of named tokens.
func openTokens(c, before *config.Config, control *access.Control, log *slog.Logger) (map[string]*access.Token, error) {
	var failed []error
	opened := map[string]*access.Token{}
	for _, name := range slices.Sorted(maps.Keys(c.Access.Tokens)) {
		file := c.Access.Tokens[name]
		if before != nil && before.Access.Tokens[name] == file {
			opened[name] = control.Tokens[name]
			continue
		}
		token, err := openToken(c, "tokens."+name, file, log)
		opened[name] = token
		failed = append(failed, err)
	}
	return opened, errors.Join(failed...)
}

// unknownViewers are the viewers of cameras that are neither users nor tokens.
func unknownViewers(c *config.Config, control *access.Control) config.Mistakes {
	return c.UnknownViewers(func(name string) bool { return control.Users != nil && control.Users.Has(name) })
}

func openUsers(c *config.Config, log *slog.Logger) (*access.Users, error) {
	warnOfReaders(log, "-users", c.Access.UsersFile)
	c.Watch(c.Access.UsersFile)
	users, err := access.OpenUsers(c.Access.UsersFile, log)
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) && strings.Contains(c.Access.UsersFile, ":") { // a user and a password
		err = fmt.Errorf("give the name of a file of users: %s: %w", failed.Op, failed.Err)
	}
	if err != nil {
		return nil, c.Fault("users", err)
	}
	return users, nil
}

// openToken reads the file that a key names.
func openToken(c *config.Config, key, file string, log *slog.Logger) (*access.Token, error) {
	warnOfReaders(log, "-token", file)
	c.Watch(file)
	token, err := access.OpenToken(file, log)
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) { // a token that was given itself must not be repeated
		err = fmt.Errorf("give the name of a file that holds the token: %s: %w", failed.Op, failed.Err)
	}
	if err != nil {
		return nil, c.Fault(key, err)
	}
	return token, nil
}

// openTLS returns how to serve HTTPS, or nil where it is not served.
func openTLS(c, before *config.Config, secure *tls.Config, log *slog.Logger) (*tls.Config, error) {
	a := &c.Access
	if a.CertFile == "" {
		return nil, nil
	}
	if before != nil && before.Access.CertFile == a.CertFile && before.Access.KeyFile == a.KeyFile {
		return secure, nil
	}
	warnOfReaders(log, "-tls-key", a.KeyFile)
	c.Watch(a.CertFile, a.KeyFile)
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
func warnOfPublic(c *config.Config, log *slog.Logger, ports []*port) {
	if a := &c.Access; a.Public || a.UsersFile != "" || a.TokenFile != "" || len(a.Tokens) > 0 {
		return
	}
	for _, l := range ports {
		if address, ok := l.Addr().(*net.TCPAddr); ok && !address.IP.IsLoopback() {
			log.Warn("anyone who can reach this address can watch: restrict it with -users or -token, or confirm with -public",
				"address", address.String())
		}
	}
}
