package httpcam

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
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
	// Also are further addresses of the camera, as of other servers that have it. When one fails, the next is read at once: each in
	// its order, once, before Run fails. The last good one comes first, until nobody watches and the first has not failed for a
	// minute. Each may have a user and password of its own.
	Also []string
	// Header is sent with every request, the names in the letters in which they are written here, also where those are not
	// canonical. It may hold secrets, as it goes to the scheme, host and port of URL, and of each of Also, alone.
	Header http.Header
	// Method is that of the requests; "": GET, or POST where there is a Body.
	Method string
	// Body is sent with every request, as Header is, and to the same address alone. Without a Content-Type in Header, it has that
	// of JSON, XML or a form, by its first byte.
	Body string
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
	// AnyRedirect follows redirects to any host; else only to the camera's own and its relatives: hosts of the same registrable
	// name, such as www.cam.example for cam.example, or of the same network of 256 addresses (IPv6: 64 bits).
	AnyRedirect bool
	// Gzip allows the camera to compress what it sends. Unless it is set, what is compressed is refused.
	Gzip bool
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
	// (0: 10 s). Nothing limits a request as a whole. An IdleTime is told to another mjpegazer, which then sends something more often,
	// also before its first picture.
	DialTime, HeadTime, IdleTime time.Duration
	// DialContext makes connections; nil: as [net.Dialer] does.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// Log gets a line when another address is used; nil: none.
	Log *slog.Logger
	// Trace is called for each step, by the goroutine of Run; nil: it is not.
	Trace func(Event)

	kept kept
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
	Resolved                    // how a name was resolved, other than by the system: by mDNS
	Connected                   // the network address and port
	Answered                    // the status, such as 200 OK, or that there is none
	Redirected                  // scheme, host and path of the new address
	Login                       // the scheme, such as Basic or Digest SHA-256
	Quirk                       // how the camera departs from the standards
)

const usualIdle = 10 * time.Second

func (c *Camera) dialTime() time.Duration { return cmp.Or(c.DialTime, 5*time.Second) }
func (c *Camera) headTime() time.Duration { return cmp.Or(c.HeadTime, 10*time.Second) }
func (c *Camera) idleTime() time.Duration { return cmp.Or(c.IdleTime, usualIdle) }
func (c *Camera) pollTime() time.Duration { return cmp.Or(c.Poll, time.Second) }

// Run implements [stream.Source]: it requests the pictures and emits them until the camera fails or ctx is done. Where the
// camera refuses the login, the error carries a [stream.RetryAfter] of 30 s, for cameras lock accounts; where it says when to
// come again, one of that time, up to 5 min. Cookies outlive a Run.
func (c *Camera) Run(ctx context.Context, emit func(stream.Picture)) error {
	addresses, err := c.addresses()
	if err != nil {
		return stream.FailedDial.Of(err)
	}
	config, err := c.tlsConfig()
	if err != nil {
		return stream.FailedDial.Of(err)
	}
	if len(addresses) == 1 {
		return newSession(c, addresses[0], config, emit).run(ctx)
	}
	return c.readAll(ctx, addresses, func(u *url.URL) (failure, bool) {
		s, began := newSession(c, u, config, emit), time.Now()
		err := s.run(ctx)
		return failure{pause: s.pause, soon: s.soon, err: err}, s.pictures > 0 && time.Since(began) >= steadyTime
	})
}

// ErrNotFound is wrapped by the error of a camera whose address is not known where it leads to: 404 Not Found.
var ErrNotFound = errors.New("there is no such camera")

// run requests pictures until the camera fails or ctx is done.
func (s *session) run(ctx context.Context) error {
	defer s.reader.Release()
	defer s.transport.close()
	for {
		asked := time.Now()
		err := s.getNew(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			s.forget()
			if len(s.facts) > 0 && !s.shown { // they may explain the failure
				s.emit(stream.Picture{Facts: s.facts})
			}
			return s.explain(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(s.camera.pollTime() - time.Since(asked)):
		}
	}
}

// forget drops the cookies of earlier runs where the camera answers with neither pictures nor cookies: it may have forgotten
// their session.
func (s *session) forget() {
	if s.known != nil && s.pictures == 0 && !s.cookies {
		s.camera.kept.dropCookies()
	}
}

// Check says what is wrong with the fields: a URL that is not http or https, a CA file that cannot be read. It does not
// connect.
func (c *Camera) Check() error {
	if _, err := c.addresses(); err != nil {
		return err
	}
	_, err := c.tlsConfig()
	return err
}

// trace calls Trace, if there is one.
func (c *Camera) trace(kind EventKind, detail string) {
	if c.Trace != nil {
		c.Trace(Event{kind, detail})
	}
}

// Open requests the pictures once, as Run does, and returns the response as the camera sends it, without its transfer coding,
// for a reader of the caller's own. Its Body must be closed; ctx ends it as well.
func (c *Camera) Open(ctx context.Context) (*http.Response, error) {
	u, err := ParseURL(c.URL)
	if err != nil {
		return nil, err
	}
	config, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	s := newSession(c, u, config, func(stream.Picture) {})
	s.reader.Release()
	resp, err := s.request(ctx)
	if err == nil {
		s.answered(resp)
		if !succeeded(resp.StatusCode) {
			err = s.refused(resp)
		}
	}
	if err != nil {
		s.transport.close()
		return nil, s.explain(err)
	}
	resp.Body = opened{resp.Body, s.transport}
	return resp, nil
}

// opened is a body that closes its connection.
type opened struct {
	io.ReadCloser
	transport *transport
}

func (o opened) Close() error {
	err := o.ReadCloser.Close()
	o.transport.close()
	return err
}
