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
	if before == nil {
		before, control = &config.Config{}, &access.Control{}
	}
	a, was := &c.Access, &before.Access
	opened := &access.Control{
		Hosts: a.Hosts.Values, Origins: a.Origins.Values, Public: a.Public, Viewers: c.Viewers(), Anonymous: c.Anonymous(), Log: log,
		Tokens: map[string]*access.Token{},
	}
	opened.Proxies, _ = access.ParseProxies(a.Proxies.Values) // checked before
	var failed [3]error
	opened.Users, failed[0] = kept(a.UsersFile, was.UsersFile, control.Users, func() (*access.Users, error) { return openUsers(c, log) })
	opened.Token, failed[1] = kept(a.TokenFile, was.TokenFile, control.Token, func() (*access.Token, error) {
		return openSecret(c, "token", a.TokenFile, "token", access.OpenToken, log)
	})
	opened.Links, failed[2] = kept(a.LinkKeyFile, was.LinkKeyFile, control.Links, func() (*access.Links, error) {
		return openSecret(c, "link-key", a.LinkKeyFile, "secret", access.OpenLinks, log)
	})
	all := failed[:]
	for _, name := range slices.Sorted(maps.Keys(a.Tokens)) {
		file := a.Tokens[name]
		token, err := kept(file, was.Tokens[name], control.Tokens[name], func() (*access.Token, error) {
			return openSecret(c, "tokens."+name, file, "token", access.OpenToken, log)
		})
		opened.Tokens[name] = token
		all = append(all, err)
	}
	return opened, errors.Join(all...)
}

// kept is what was made of a file, where it still is that file; nil where there is none.
func kept[T any](file, before string, made *T, open func() (*T, error)) (*T, error) {
	switch file {
	case "":
		return nil, nil
	case before:
		return made, nil
	}
	return open()
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

// openSecret reads the file that a key of the configuration names.
func openSecret[T any](c *config.Config, key, file, what string, open func(string, *slog.Logger) (*T, error), log *slog.Logger) (*T, error) {
	warnOfReaders(log, "-"+key, file)
	c.Watch(file)
	opened, err := open(file, log)
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) { // a secret that was given itself must not be repeated
		err = fmt.Errorf("give the name of a file that holds the %s: %s: %w", what, failed.Op, failed.Err)
	}
	if err != nil {
		return nil, c.Fault(key, err)
	}
	return opened, nil
}

// openTLS returns how to serve HTTPS, or nil where it is not served.
func openTLS(c, before *config.Config, secure *tls.Config, log *slog.Logger) (*tls.Config, error) {
	a := &c.Access
	if a.CertFile == "" {
		return nil, nil
	}
	if before != nil && before.Access.CertFile == a.CertFile && before.Access.KeyFile == a.KeyFile && before.Access.HTTP2 == a.HTTP2 {
		return secure, nil
	}
	warnOfReaders(log, "-tls-key", a.KeyFile)
	c.Watch(a.CertFile, a.KeyFile)
	certificate, err := openCertificate(a.CertFile, a.KeyFile, log)
	if err != nil {
		return nil, c.Fault("tls-cert", fmt.Errorf("with -tls-key: %w", err))
	}
	protocols := []string{"http/1.1"}
	if a.HTTP2 {
		protocols = append([]string{"h2"}, protocols...)
	}
	return &tls.Config{GetCertificate: certificate.get, NextProtos: protocols}, nil
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
	if c.Access.Public || c.Access.RequireLogin() {
		return
	}
	for _, l := range ports {
		if address, ok := l.Addr().(*net.TCPAddr); ok && !address.IP.IsLoopback() && !l.metrics {
			log.Warn("anyone who can reach this address can watch: restrict it with -users or -token, or confirm with -public",
				"address", address.String())
		}
	}
}
