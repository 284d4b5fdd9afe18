// Package conn is what the kernel knows of a viewer's connection, and when the connection is ready for more.
package conn

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Context adds c to the context of its requests, for [Of]. It is an [http.Server.ConnContext].
func Context(ctx context.Context, c net.Conn) context.Context {
	plain := false
	switch c.(type) {
	case *net.TCPConn, *net.UnixConn: // and not what has such a one within it
		plain = true
	}
	for {
		wrapper, ok := c.(interface{ NetConn() net.Conn }) // as tls.Conn
		if !ok {
			break
		}
		c = wrapper.NetConn()
	}
	inner, ok := c.(syscall.Conn)
	if !ok {
		return ctx
	}
	raw, err := inner.SyscallConn()
	if err != nil {
		return ctx
	}
	conn := &Conn{net: c}
	conn.socket.attach(c, raw)
	_, conn.measured = conn.socket.queued()
	conn.plain = plain && conn.measured
	return context.WithValue(ctx, key{}, conn)
}

type key struct{}

// Of returns the connection of a request, nil if its server has no [Context].
func Of(r *http.Request) *Conn {
	c, _ := r.Context().Value(key{}).(*Conn)
	return c
}

// A Conn is a viewer's connection. Streams of HTTP/2 share one.
type Conn struct {
	socket   socket
	plain    bool         // what is written goes to the socket as it is
	measured bool         // the kernel tells what has arrived
	written  atomic.Int64 // bytes of parts that the kernel has taken
	net      net.Conn

	mu       sync.Mutex
	taken    int64     // by the peer, as last seen while bytes waited; whenever none did, it has grown since
	progress time.Time // when it was first seen
}

// Measured reports whether the kernel tells what has arrived.
func (c *Conn) Measured() bool { return c.measured }

// Plain reports whether what is written goes to the socket as it is, so that [Conn.Push] may do it.
func (c *Conn) Plain() bool { return c.plain }

// Wrote counts n bytes that were written, and returns how many there were ever.
func (c *Conn) Wrote(n int) int64 { return c.written.Add(int64(n)) }

// Push writes as much of a part, and of a head before it, which may be nil, as the kernel takes at once, and returns how many
// bytes that was; one goroutine at a time may call it. It does not count them. What went wrong if it was nothing an ordinary
// Write will tell.
func (c *Conn) Push(head, part []byte) int { return c.socket.push(head, part) }

// RoundTrip is the shortest round trip of the last minutes; 0 if the kernel does not know.
func (c *Conn) RoundTrip() time.Duration { return c.socket.roundTrip() }

// Delivered is how much of what was written has arrived; false where the kernel does not tell. Beside what TLS adds to
// the bytes under way, which makes it a little less, it is exact.
func (c *Conn) Delivered() (int64, bool) {
	queued, ok := c.socket.queued()
	return c.written.Load() - int64(queued), ok
}

// StuckFor is how long bytes have waited without any being delivered. It must be asked often enough to see the progress.
func (c *Conn) StuckFor(now time.Time) time.Duration {
	queued, ok := c.socket.queued()
	if !ok || queued == 0 {
		return 0 // where the kernel does not tell, the time that each part has must do
	}
	taken, ok := c.socket.acked()
	if !ok {
		taken, _ = c.Delivered()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if taken != c.taken || c.progress.IsZero() {
		c.taken, c.progress = taken, now
	}
	return now.Sub(c.progress)
}

// Reset ends the connection and frees what the kernel holds for it: an ordinary end would go on trying to deliver that.
func (c *Conn) Reset() {
	if tcp, ok := c.net.(*net.TCPConn); ok {
		tcp.SetLinger(0) // if that fails the connection is over already
	}
	c.net.Close()
}
