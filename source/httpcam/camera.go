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

// A Camera speaks HTTP: it sends MJPEG, as multipart or in any other wrapping, or single pictures, which are then asked
// for again and again. Only URL must be set.
type Camera struct {
	// URL is the camera's address, http or https. A user name and a password in it are sent when the camera asks for
	// them, and only to its own scheme, host and port.
	URL string
	// Header is sent with every request to URL's own scheme, host and port.
	Header http.Header
	// Basic sends the log-in as Basic, RFC 7617, before the camera asks.
	Basic bool
	// IPv4 keeps away from IPv6.
	IPv4 bool
	// TLS is how https is spoken; nil means as the system does. The three fields below change a copy of it.
	TLS *tls.Config
	// Insecure accepts any certificate, and old versions of TLS.
	Insecure bool
	// CA is the name of a PEM file with certificates that sign the camera's; "" means the system's. Each Run reads it.
	CA string
	// Pin is the SHA-256 of the camera's public key, the only one that is accepted, whatever signs it; nil means any.
	Pin []byte
	// Poll is the time from one question for a single picture to the next; 0 means a second.
	Poll time.Duration
	// Instance is what this program sends as X-Mjpegazer-Instance: an answer that carries it is refused, for the program
	// would read itself.
	Instance string
	// MaxFrame is how large a picture may be, in bytes; 0 means [mjpeg.DefaultMaxFrame].
	MaxFrame int

	// DialTime is how long connecting may take (0: 5 s), HeadTime the head of an answer (0: 10 s), and IdleTime how long a
	// camera may send no byte (0: 10 s). Nothing limits the time as a whole.
	DialTime, HeadTime, IdleTime time.Duration
	// DialContext makes connections; nil means net.Dialer's.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// Trace is told what happens, on the goroutine of Run; nil means nobody is.
	Trace func(Event)
}

// An Event is one thing that happened on the way to a camera.
type Event struct {
	Kind   EventKind
	Detail string // for people; holds no secrets
}

// EventKind tells what happened.
type EventKind int

// What happens on the way to a camera.
const (
	Dialing    EventKind = iota // Detail: host and port
	Connected                   // Detail: the address reached
	Answered                    // Detail: status of the answer
	Redirected                  // Detail: where to, scheme, host and path
	Login                       // Detail: the scheme
	Quirk                       // Detail: what the camera does unlike the standards
)

func (c *Camera) dialTime() time.Duration { return cmp.Or(c.DialTime, 5*time.Second) }
func (c *Camera) headTime() time.Duration { return cmp.Or(c.HeadTime, 10*time.Second) }
func (c *Camera) idleTime() time.Duration { return cmp.Or(c.IdleTime, 10*time.Second) }
func (c *Camera) pollTime() time.Duration { return cmp.Or(c.Poll, time.Second) }

// Run asks the camera and emits its pictures until it fails or ctx is done. A camera that refuses the log-in is to be asked
// again after 30 s.
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
		err := s.get(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if len(s.facts) > 0 && !s.shown { // they help to find out why
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

// Check tells what is wrong with the fields: an address of another form, a CA file that cannot be read.
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
