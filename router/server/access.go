package server

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"runtime"

	control "mjpegazer/router/access"
)

// access is what the command line says of who may look, and by which way.
type access struct {
	certFile, keyFile    string
	usersFile, tokenFile string
	hosts, origins       list
	proxies              list
	public               bool
}

func (a *access) define(f *flag.FlagSet) {
	f.StringVar(&a.certFile, "tls-cert", "", "serve HTTPS with the certificate in this `file`, PEM; read anew when it changes")
	f.StringVar(&a.keyFile, "tls-key", "", "the `file` with its key, PEM")
	f.StringVar(&a.usersFile, "users", "", "let those look who are in this `file`, as htpasswd -B makes it")
	f.StringVar(&a.tokenFile, "token", "", "let those look who show the token in this `file`, as a bearer or as ?token=")
	f.Var(&a.hosts, "allowed-hosts", "`names` that the server answers to, besides localhost and addresses")
	f.Var(&a.origins, "cors", "`origins` whose pages may read what is served, such as https://example.com, or *")
	f.Var(&a.proxies, "trusted-proxy", "`addresses`, networks, or unix, whose X-Forwarded-For and Forwarded are believed")
	f.BoolVar(&a.public, "public", false, "say that everybody is meant to look, instead of being warned")
}

// check looks at each value for itself.
func (a *access) check() error {
	for _, origin := range a.origins.values {
		if err := control.CheckOrigin(origin); err != nil {
			return fmt.Errorf("-cors: %w", err)
		}
	}
	if _, err := control.ParseProxies(a.proxies.values); err != nil {
		return fmt.Errorf("-trusted-proxy %w", err)
	}
	return nil
}

// checkTogether looks at what only makes sense together, once all is known.
func (a *access) checkTogether() error {
	if (a.certFile == "") != (a.keyFile == "") {
		return errors.New("-tls-cert and -tls-key belong together: give both")
	}
	return nil
}

// open reads the files.
func (a *access) open(log *slog.Logger) (*control.Control, error) {
	opened := &control.Control{Hosts: a.hosts.values, Origins: a.origins.values, Log: log}
	opened.Proxies, _ = control.ParseProxies(a.proxies.values) // checked before
	var err error
	if a.usersFile != "" {
		warnOfReaders(log, "-users", a.usersFile)
		if opened.Users, err = control.OpenUsers(a.usersFile, log); err != nil {
			return nil, fmt.Errorf("-users: %w", err)
		}
	}
	if a.tokenFile != "" {
		warnOfReaders(log, "-token", a.tokenFile)
		opened.Token, err = control.OpenToken(a.tokenFile, log)
		if failed := (*fs.PathError)(nil); errors.As(err, &failed) { // who gives the token itself must not find it in the log
			return nil, fmt.Errorf("-token takes the name of a file that holds the token: %s: %w", failed.Op, failed.Err)
		} else if err != nil {
			return nil, fmt.Errorf("-token: %w", err)
		}
	}
	return opened, nil
}

// tls is how to serve HTTPS; nil: not at all.
func (a *access) tls(log *slog.Logger) (*tls.Config, error) {
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

// warnOfReaders tells of a secret that is none. Windows has no such bits.
func warnOfReaders(log *slog.Logger, flag, file string) {
	info, err := os.Stat(file)
	if err == nil && info.Mode().IsRegular() && info.Mode()&0o004 != 0 && runtime.GOOS != "windows" {
		log.Warn("everyone on this machine may read this file: chmod o-r helps", "flag", flag, "file", file)
	}
}

// warnOfPublic tells of cameras that anyone may look at, unless that is meant.
func (a *access) warnOfPublic(log *slog.Logger, listeners []net.Listener) {
	if a.public || a.usersFile != "" || a.tokenFile != "" {
		return
	}
	for _, l := range listeners {
		if address, ok := l.Addr().(*net.TCPAddr); ok && !address.IP.IsLoopback() {
			log.Warn("anyone who reaches this address may look: choose with -users or -token who may, or say -public",
				"address", address.String())
		}
	}
}
