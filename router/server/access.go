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

// access is what the command line says of access control.
type access struct {
	certFile, keyFile    string
	usersFile, tokenFile string
	hosts, origins       list
	proxies              list
	public               bool
}

func (a *access) define(f *flag.FlagSet) {
	f.StringVar(&a.certFile, "tls-cert", "", "serve HTTPS with the certificate in this `file` (PEM), which is reloaded when it changes")
	f.StringVar(&a.keyFile, "tls-key", "", "`file` with the certificate's private key (PEM)")
	f.StringVar(&a.usersFile, "users", "", "`file` of users allowed to watch, as htpasswd -B writes it")
	f.StringVar(&a.tokenFile, "token", "", "`file` with a token that allows to watch, sent as a bearer token or as ?token=")
	f.Var(&a.hosts, "allowed-hosts", "host `names` that the server answers to, besides localhost and IP addresses")
	f.Var(&a.origins, "cors", "`origins` whose pages may read the pictures, such as https://example.com, or *")
	f.Var(&a.proxies, "trusted-proxy", "`addresses` or networks of proxies, or unix, whose X-Forwarded-For and Forwarded headers are trusted")
	f.BoolVar(&a.public, "public", false, "confirm that anyone may watch: do not warn about it")
}

func (a *access) checkOrigins() error {
	for _, origin := range a.origins.values {
		if err := control.CheckOrigin(origin); err != nil {
			return err
		}
	}
	return nil
}

func (a *access) checkProxies() error {
	_, err := control.ParseProxies(a.proxies.values)
	return err
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
		if failed := (*fs.PathError)(nil); errors.As(err, &failed) { // a token that was given itself must not be repeated
			return nil, fmt.Errorf("-token takes the name of a file that holds the token: %s: %w", failed.Op, failed.Err)
		} else if err != nil {
			return nil, fmt.Errorf("-token: %w", err)
		}
	}
	return opened, nil
}

// tls returns how to serve HTTPS, or nil where it is not served.
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

// warnOfReaders warns of a secret that every user of the machine can read. Windows has no such bits.
func warnOfReaders(log *slog.Logger, flag, file string) {
	info, err := os.Stat(file)
	if err == nil && info.Mode().IsRegular() && info.Mode()&0o004 != 0 && runtime.GOOS != "windows" {
		log.Warn("every user of this machine can read this file: run chmod o-r on it", "flag", flag, "file", file)
	}
}

// warnOfPublic warns of cameras that anyone can watch, unless that is intended.
func (a *access) warnOfPublic(log *slog.Logger, listeners []net.Listener) {
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
