package httpcam

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"mjpegazer/stream"
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
	remote netip.Addr  // where the last connection went; the zero Addr: unknown
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
			return nil, stream.FailedDial.Of(err)
		}
	}
	t.idle = false
	conn := t.conn
	conn.by = time.Now().Add(t.camera.headTime())
	conn.SetWriteDeadline(conn.by)
	out := bufio.NewWriter(conn)
	if req.GetBody != nil {
		req.Body, _ = req.GetBody() // it never fails
	}
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

// timedOut reports whether err is that of a deadline.
func timedOut(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) && netErr.Timeout()
}
