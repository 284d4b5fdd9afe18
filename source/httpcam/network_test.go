package httpcam_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
)

// A network has cameras at addresses. It notes when each was dialled, as "1s a".
type network struct {
	begun   time.Time
	mu      sync.Mutex
	cameras map[string]func(conn net.Conn, r *http.Request) // nil: it refuses connections
	all     camera                                          // counts connections
	dialled []string
}

func newNetwork() *network {
	n := &network{begun: time.Now(), cameras: map[string]func(net.Conn, *http.Request){}}
	n.all.serve = func(conn net.Conn, r *http.Request) bool {
		n.at(r.Host)(conn, r)
		return false
	}
	return n
}

func (n *network) at(host string) func(net.Conn, *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cameras[host]
}

// set changes what is at an address.
func (n *network) set(host string, serve func(net.Conn, *http.Request)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cameras[host] = serve
}

func (n *network) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	host, _, _ := strings.Cut(addr, ":")
	n.mu.Lock()
	n.dialled = append(n.dialled, fmt.Sprint(time.Since(n.begun).Round(time.Millisecond), " ", host))
	n.mu.Unlock()
	switch {
	case n.at(host) == nil:
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	case host == "hole":
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return n.all.dial(ctx, "", addr)
}

// expect compares the addresses that were dialled since the last call.
func (n *network) expect(t *testing.T, want ...string) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Equal(n.dialled, want) {
		t.Errorf("dialled %q, want %q", n.dialled, want)
	}
	n.dialled = nil
}

// sends is a camera that sends a picture each 100 ms for a while, and then hangs up, or is silent.
func sends(number int, while time.Duration, silent bool) func(net.Conn, *http.Request) {
	return func(conn net.Conn, _ *http.Request) {
		fmt.Fprint(conn, streamHead)
		for end := time.Now().Add(while); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			if _, err := fmt.Fprint(conn, part(numbered(number))); err != nil {
				return
			}
		}
		if silent {
			conn.Read(make([]byte, 1))
		}
	}
}

func silent(conn net.Conn, _ *http.Request) { conn.Read(make([]byte, 1)) }

func answers(status string) func(net.Conn, *http.Request) {
	return func(conn net.Conn, _ *http.Request) {
		fmt.Fprint(conn, "HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n")
	}
}

// run runs a camera with the addresses a, b and so on until the bubble's clock has gone so far, and returns when there were
// pictures of another number, and the error.
func (n *network) run(t *testing.T, h *httpcam.Camera, until time.Duration) (seen []string, err error) {
	t.Helper()
	ctx, cancel := context.WithDeadline(t.Context(), n.begun.Add(until))
	defer cancel()
	last := 0
	h.DialContext = n.dial
	err = h.Run(ctx, func(p stream.Picture) {
		if p.JPEG == nil {
			return
		}
		if number := numberOf(t, p.JPEG); number != last {
			last = number
			seen = append(seen, fmt.Sprint(time.Since(n.begun), " ", number))
		}
	})
	n.all.closed(t)
	return seen, err
}

// A pipes is a listener for connections in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p pipes) Close() error { return nil }

func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	p <- far
	return near, nil
}
