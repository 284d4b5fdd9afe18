//go:build nats

package nats

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Built reports whether this program can speak NATS.
const Built = true

// CheckAddress says what is wrong with the address, or with the root. Its error holds no secrets.
func (s Servers) CheckAddress() error {
	if s.Root != "" && !rootPattern.MatchString(s.Root) {
		return errors.New("option root must be words of letters, digits, _ and -, with dots between them")
	}
	_, _, err := s.parse()
	return err
}

// Check is CheckAddress for the files as well. It does not connect.
func (s Servers) Check() error {
	if err := s.CheckAddress(); err != nil {
		return err
	}
	_, err := s.login()
	return err
}

var rootPattern = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

var errAddress = errors.New("the address must be nats://HOST,HOST,…, tls://… or wss://…; write user and password once, before the first host, and a @ in them as %40")

// parse returns the addresses of the servers, without the login, and that.
func (s Servers) parse() (addresses []string, login *url.Userinfo, err error) {
	scheme, rest, ok := strings.Cut(s.Address, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "nats" && scheme != "tls" && scheme != "wss" {
		return nil, nil, errAddress
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		u, err := url.Parse(scheme + "://" + rest[:at+1] + "host")
		if err != nil || strings.Contains(rest[:at], "@") || u.User == nil {
			return nil, nil, errAddress
		}
		login, rest = u.User, rest[at+1:]
	}
	for host := range strings.SplitSeq(strings.TrimSuffix(rest, "/"), ",") {
		u, err := url.Parse(scheme + "://" + host)
		if err != nil || u.Hostname() == "" || u.Host != host {
			return nil, nil, errAddress
		}
		addresses = append(addresses, scheme+"://"+host)
	}
	return addresses, login, nil
}

// login returns the options by which a connection shows who it is, and knows the servers.
func (s Servers) login() (options []nats.Option, err error) {
	_, login, err := s.parse()
	if err != nil {
		return nil, err
	}
	if login != nil {
		if password, ok := login.Password(); ok {
			options = append(options, nats.UserInfo(login.Username(), password))
		} else {
			options = append(options, nats.Token(login.Username()))
		}
	}
	if s.Creds != "" {
		if _, err := os.ReadFile(s.Creds); err != nil {
			return nil, fmt.Errorf("option creds: the file cannot be read: %w", cause(err))
		}
		options = append(options, nats.UserCredentials(s.Creds))
	}
	if s.NKey != "" {
		key, err := nats.NkeyOptionFromSeed(s.NKey)
		if err != nil {
			return nil, fmt.Errorf("option nkey: the file cannot be read, or has no seed of a user: %w", cause(err))
		}
		options = append(options, key)
	}
	if s.CA != "" {
		text, err := os.ReadFile(s.CA)
		if err != nil {
			return nil, fmt.Errorf("option ca: the file cannot be read: %w", cause(err))
		}
		if !x509.NewCertPool().AppendCertsFromPEM(text) {
			return nil, errors.New("option ca: the file holds no certificate in PEM form")
		}
		options = append(options, nats.RootCAs(s.CA))
	}
	return options, nil
}

// cause is an error of a file without the file's name, which may be a secret that has got into the wrong place.
func cause(err error) error {
	if failed := (*os.PathError)(nil); errors.As(err, &failed) {
		return failed.Err
	}
	return errors.New("it is not as expected")
}

// dialer makes connections whose queue in the kernel is short: what waits in it grows old.
type dialer struct{}

const sendBuffer = 64 << 10 // bytes

func (dialer) Dial(network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: connectTime}).Dial(network, address)
	if tcp, ok := conn.(*net.TCPConn); ok && err == nil {
		tcp.SetWriteBuffer(sendBuffer) // if it fails the queue is longer
	}
	return conn, err
}

// How a connection is kept. A server that hangs is noticed after three pings, 0.75 s.
const (
	connectTime = 500 * time.Millisecond
	pingPause   = 250 * time.Millisecond
	pingsOut    = 2
	writeTime   = 750 * time.Millisecond // for a write, while which nothing else is noticed
	retryPause  = 100 * time.Millisecond // after all servers have been tried
)
