package httpcam

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A connection is the one connection to a camera. It carries one request at a time, and is closed before another one is
// dialled, for many cameras serve one client.
type connection struct {
	net.Conn
	wire   net.Conn      // under TLS, or the same; closing it never blocks
	in     *bufio.Reader // over Read, for its deadlines
	origin string
	idle   time.Duration // how long a read may take
	by     time.Time     // when every read ends; zero: never
	stop   func() bool   // stops closing it with the context
}

// Read reads under a fresh deadline.
func (c *connection) Read(p []byte) (int, error) {
	deadline := time.Now().Add(c.idle)
	if !c.by.IsZero() && c.by.Before(deadline) {
		deadline = c.by
	}
	c.SetReadDeadline(deadline) // an error will be that of Read as well
	return c.Conn.Read(p)
}

// Close closes the connection.
func (c *connection) Close() error {
	c.stop()
	return c.wire.Close()
}

// originOf returns what a login is bound to: scheme, host and port.
func originOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(u.Hostname(), port)
}

// A transport is an [http.RoundTripper] with one connection at a time.
type transport struct {
	camera *Camera
	tls    *tls.Config
	conn   *connection // nil: none
	body   *body       // of the last response
	idle   bool        // the connection may carry another request
}

// RoundTrip sends a request and reads the head of the response. Closing the body closes the connection, unless the body was
// read to an end that is certain.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	reuse := t.idle && t.conn.origin == originOf(req.URL)
	resp, err := t.try(req, reuse)
	if err != nil && reuse && req.Context().Err() == nil {
		resp, err = t.try(req, false) // it was closed while idle
	}
	return resp, err
}

// try makes one attempt, on the connection at hand or on a new one.
func (t *transport) try(req *http.Request, reuse bool) (*http.Response, error) {
	if !reuse {
		t.close()
		if err := t.dial(req.Context(), req.URL); err != nil {
			return nil, err
		}
	}
	t.idle = false
	conn := t.conn
	conn.by = time.Now().Add(t.camera.headTime())
	conn.SetWriteDeadline(conn.by)
	out := bufio.NewWriter(conn)
	if err := req.Write(out); err != nil {
		return nil, err
	}
	if err := out.Flush(); err != nil {
		return nil, err
	}
	resp, err := t.readResponse(req)
	if err != nil {
		t.close()
		return nil, err
	}
	conn.by = time.Time{}
	return resp, nil
}

// close ends the connection, if there is one.
func (t *transport) close() {
	if t.conn != nil {
		t.conn.Close()
	}
	t.conn, t.idle = nil, false
}

// dial makes a new connection.
func (t *transport) dial(ctx context.Context, u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return problem("the camera redirects to an address that is neither http nor https")
	}
	origin := originOf(u)
	_, addr, _ := strings.Cut(origin, "://")
	t.camera.trace(Dialing, addr)
	wire, err := t.connect(ctx, addr)
	if err != nil {
		return err
	}
	conn := wire
	if u.Scheme == "https" {
		if conn, err = t.handshake(ctx, wire, u.Hostname()); err != nil {
			return err
		}
	}
	c := &connection{Conn: conn, wire: wire, origin: origin, idle: t.camera.idleTime()}
	c.stop = context.AfterFunc(ctx, func() { wire.Close() })
	c.in = bufio.NewReader(c)
	t.conn = c
	t.camera.trace(Connected, conn.RemoteAddr().String())
	return nil
}

// connect dials within DialTime.
func (t *transport) connect(ctx context.Context, addr string) (net.Conn, error) {
	network, dial := "tcp", t.camera.DialContext
	if t.camera.IPv4 {
		network = "tcp4"
	}
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	limited, cancel := context.WithTimeout(ctx, t.camera.dialTime())
	defer cancel()
	conn, err := dial(limited, network, addr)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return nil, problem("the camera did not accept the connection within " + t.camera.dialTime().String() + ": is it switched on, and is the address right?")
	}
	return conn, err
}

// handshake starts TLS on conn, and closes it on failure.
func (t *transport) handshake(ctx context.Context, conn net.Conn, host string) (net.Conn, error) {
	config := t.tls.Clone()
	if config.ServerName == "" {
		config.ServerName = host
	}
	limited, cancel := context.WithTimeout(ctx, t.camera.headTime())
	defer cancel()
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(limited); err != nil {
		conn.Close()
		if limited.Err() != nil && ctx.Err() == nil {
			return nil, problem("the camera did not answer the TLS handshake within " + t.camera.headTime().String())
		}
		return nil, handshakeReason(err)
	}
	return secure, nil
}

// timedOut reports whether err is that of a deadline.
func timedOut(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) && netErr.Timeout()
}
