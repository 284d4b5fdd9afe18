package httpcam

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"

	"mjpegazer/stream"
)

// A Camera is a camera that speaks HTTP. Only URL must be set.
type Camera struct {
	// URL is the camera's address, http or https. The user name and password in it are sent when the camera asks for them.
	URL string
	// Header is sent with every request. It may hold secrets, as it goes to the scheme, host and port of URL alone.
	Header http.Header
	// Basic sends user name and password as Basic, RFC 7617, before the camera asks for them.
	Basic bool
	// IPv4 connects by IPv4 alone.
	IPv4 bool
	// TLS configures https; nil: as the system does. The next three fields change a copy of it.
	TLS *tls.Config
	// Insecure accepts any certificate, and TLS from 1.0 on.
	Insecure bool
	// CA is the name of a PEM file of up to 1 MiB with the certificates that may sign the camera's; "": those of the system.
	// Each Run reads it.
	CA string
	// Pin is the SHA-256 of the camera's public key (SubjectPublicKeyInfo). No other key is accepted. The certificate need not
	// be valid, and TLS may be as old as 1.0. Nil: any key with a valid certificate.
	Pin []byte
	// Poll is the time from one request for a single picture to the next; 0: 1 s.
	Poll time.Duration
	// Skip is the number of pictures that are left out at the beginning of a stream, or before each single picture: some cameras
	// answer with the picture of the request before.
	Skip int
	// Instance is sent as X-Mjpegazer-Instance, which every server of this program adds to its answers. An answer that
	// carries it is refused: the program would read itself.
	Instance string
	// MaxFrame is how large a picture may be, in bytes; larger ones are dropped. 0: [mjpeg.DefaultMaxFrame].
	MaxFrame int

	// DialTime limits connecting (0: 5 s), HeadTime the head of an answer (0: 10 s), and IdleTime the time without a byte
	// (0: 10 s). Nothing limits a request as a whole.
	DialTime, HeadTime, IdleTime time.Duration
	// DialContext makes connections; nil: as [net.Dialer] does.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// Trace is called for each step, by the goroutine of Run; nil: it is not.
	Trace func(Event)
}

// An Event is a step on the way to pictures.
type Event struct {
	Kind   EventKind
	Detail string // for people to read, without secrets
}

// An EventKind is what happened.
type EventKind int

// The kinds of events, and their Detail.
const (
	Dialing    EventKind = iota // host and port
	Connected                   // the network address and port
	Answered                    // the status, such as 200 OK
	Redirected                  // scheme, host and path of the new address
	Login                       // the scheme, such as Basic or Digest SHA-256
	Quirk                       // how the camera departs from the standards
)

func (c *Camera) dialTime() time.Duration { return cmp.Or(c.DialTime, 5*time.Second) }
func (c *Camera) headTime() time.Duration { return cmp.Or(c.HeadTime, 10*time.Second) }
func (c *Camera) idleTime() time.Duration { return cmp.Or(c.IdleTime, 10*time.Second) }
func (c *Camera) pollTime() time.Duration { return cmp.Or(c.Poll, time.Second) }

// Run implements [stream.Source]: it requests the pictures and emits them until the camera fails or ctx is done. Where the
// camera refuses the login, the error carries a [stream.RetryAfter] of 30 s, for cameras lock accounts.
func (c *Camera) Run(ctx context.Context, emit func(stream.Picture)) error {
	u, err := c.parseURL()
	if err != nil {
		return err
	}
	config, err := c.tlsConfig()
	if err != nil {
		return err
	}
	s := newSession(c, u, config, emit)
	defer s.reader.Release()
	defer s.transport.close()
	for {
		asked := time.Now()
		err := s.getNew(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if len(s.facts) > 0 && !s.shown { // they may explain the failure
				emit(stream.Picture{Facts: s.facts})
			}
			return s.explain(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(c.pollTime() - time.Since(asked)):
		}
	}
}

// Check says what is wrong with the fields: a URL that is not http or https, a CA file that cannot be read. It does not
// connect.
func (c *Camera) Check() error {
	if _, err := c.parseURL(); err != nil {
		return err
	}
	_, err := c.tlsConfig()
	return err
}

func (c *Camera) parseURL() (*url.URL, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, problem("the camera's address is not of the form http://HOST/PATH")
	}
	return u, nil
}

// trace calls Trace, if there is one.
func (c *Camera) trace(kind EventKind, detail string) {
	if c.Trace != nil {
		c.Trace(Event{kind, detail})
	}
}
