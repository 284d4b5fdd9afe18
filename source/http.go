package source

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

// HTTP is a camera that sends MJPEG over HTTP, as multipart or in any other wrapping, or that sends single pictures, which
// are then asked for again and again. Only URL must be set.
type HTTP struct {
	// URL is the camera's address, http or https. A user name and a password in it are sent when the camera asks for
	// them, and only to its own scheme, host and port.
	URL string
	// Header is sent with every request to URL's own scheme, host and port.
	Header http.Header
	// Basic sends the log-in as Basic, RFC 7617, before the camera asks.
	Basic bool
	// IPv4 keeps away from IPv6.
	IPv4 bool
	// TLS is how https is spoken; nil means as the system does.
	TLS *tls.Config
	// Poll is the time from one question for a single picture to the next; 0 means a second.
	Poll time.Duration
	// Instance is what this program sends as X-Mjpegazer-Instance: an answer that carries it is refused, for the program
	// would read itself.
	Instance string
	// MaxFrame is how large a picture may be, in bytes; 0 means [DefaultMaxFrame].
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
	Redirected                  // Detail: where to, as by [Display]
	Login                       // Detail: the scheme
	Odd                         // Detail: what the camera does unlike the standards
)

func (h *HTTP) dialTime() time.Duration { return cmp.Or(h.DialTime, 5*time.Second) }
func (h *HTTP) headTime() time.Duration { return cmp.Or(h.HeadTime, 10*time.Second) }
func (h *HTTP) idleTime() time.Duration { return cmp.Or(h.IdleTime, 10*time.Second) }
func (h *HTTP) pollTime() time.Duration { return cmp.Or(h.Poll, time.Second) }

// Run asks the camera and emits its pictures until it fails or ctx is done. A camera that refuses the log-in is to be asked
// again after 30 s.
func (h *HTTP) Run(ctx context.Context, emit func(stream.Picture)) error {
	u, err := url.Parse(h.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return problem("the camera's address is not of the form http://HOST/PATH")
	}
	v := newVisit(h, u, emit)
	defer v.parts.release()
	defer v.transport.close()
	for {
		asked := time.Now()
		err := v.get(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if len(v.facts) > 0 && !v.told { // they help to find out why
				emit(stream.Picture{Facts: v.facts})
			}
			return v.explain(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(h.pollTime() - time.Since(asked)):
		}
	}
}

// trace tells whoever listens.
func (h *HTTP) trace(kind EventKind, detail string) {
	if h.Trace != nil {
		h.Trace(Event{kind, detail})
	}
}
