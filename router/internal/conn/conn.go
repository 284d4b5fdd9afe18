// Package conn knows how much of what was written to a viewer has arrived, as far as the kernel does, and when the viewer is
// ready for more.
package conn

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Context adds c to the context of its requests, for [Of]. It is an [http.Server.ConnContext].
func Context(ctx context.Context, c net.Conn) context.Context {
	conn := &Conn{}
	switch top := c.(type) { // and no other that has one of them inside
	case *net.TCPConn, *net.UnixConn:
		conn.pushes = true
	case *tls.Conn:
		if gather, ok := top.NetConn().(*Gatherer); ok {
			conn.secure, conn.gather, conn.pushes = top, gather, true
		}
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
	conn.net = c
	conn.socket.attach(c, raw)
	_, conn.measured = conn.socket.queued()
	conn.pushes = conn.pushes && conn.measured
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
	pushes   bool         // Push works
	secure   *tls.Conn    // whose records are gathered; nil: none
	gather   *Gatherer    // below it
	measured bool         // the kernel knows what has arrived
	written  atomic.Int64 // bytes of parts that the kernel has accepted
	pushed   atomic.Int64 // bytes of them that Push wrote
	net      net.Conn

	mu       sync.Mutex
	arrived  int64     // bytes, as last seen while others waited; whenever none did, it has grown since
	progress time.Time // when it was first seen
}

// Measured reports whether the kernel knows what has arrived.
func (c *Conn) Measured() bool { return c.measured }

// Pushes reports whether [Conn.Push] can be used: nothing but TLS stands between the server and the socket.
func (c *Conn) Pushes() bool { return c.pushes }

// Wrote counts n bytes that were written, and returns how many there have been.
func (c *Conn) Wrote(n int) int64 { return c.written.Add(int64(n)) }

// Hold keeps what is written until [Conn.Release], where the connection can. One goroutine at a time may hold it, or push.
func (c *Conn) Hold() {
	if c.gather != nil {
		c.gather.hold()
	}
}

// Release writes what was held, and what a Push has left.
func (c *Conn) Release() error {
	if c.gather == nil {
		return nil
	}
	return c.gather.release()
}

// Push writes as much of a part, and of a head before it, which may be nil, as the kernel accepts at once. It returns how many
// bytes an ordinary Write need not write any more, how many there have been, and whether that is all; if not, [Conn.Release] must
// follow what is left. It has no error: if nothing can be written an ordinary Write will say why.
func (c *Conn) Push(head, part []byte) (n int, written int64, all bool) {
	if c.secure != nil {
		n, all = c.encrypt(head, part)
	} else {
		n = c.socket.push(head, part)
		all = n == len(head)+len(part)
	}
	c.pushed.Add(int64(n))
	return n, c.Wrote(n), all
}

// encrypt is Push over TLS. What does not fit into one piece is not written, as that could wait.
func (c *Conn) encrypt(head, part []byte) (n int, all bool) {
	size := len(head) + len(part)
	if size > maxGathered/2 {
		return 0, false
	}
	c.gather.hold()
	c.secure.Write(head)
	c.secure.Write(part)
	all = c.gather.push(func(b []byte) int { return c.socket.push(nil, b) })
	return size, all
}

// Pushed returns how many bytes Push has written.
func (c *Conn) Pushed() int64 { return c.pushed.Load() }

// RoundTrip returns the shortest round trip of the last minutes, 0 if the kernel does not know.
func (c *Conn) RoundTrip() time.Duration { return c.socket.roundTrip() }

// Delivered returns how many of the bytes that were written have arrived, false where the kernel does not know. It is exact,
// but for what TLS adds to the bytes under way, which makes it a little less.
func (c *Conn) Delivered() (int64, bool) {
	queued, ok := c.socket.queued()
	return c.written.Load() - int64(queued), ok
}

// StuckFor returns for how long bytes have waited without any of them arriving. It must be called often enough to see progress.
func (c *Conn) StuckFor(now time.Time) time.Duration {
	queued, ok := c.socket.queued()
	if !ok || queued == 0 {
		return 0 // where the kernel does not know, the deadline of each part must do
	}
	arrived, ok := c.socket.acked()
	if !ok {
		arrived, _ = c.Delivered()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if arrived > c.arrived || c.progress.IsZero() {
		c.progress = now
	}
	c.arrived = arrived // which sinks when something is written to a Unix socket, whose kernel counts the memory that it takes
	return now.Sub(c.progress)
}

// Reset ends the connection and frees what the kernel holds for it, which it would else go on trying to deliver.
func (c *Conn) Reset() {
	if tcp, ok := c.net.(*net.TCPConn); ok {
		tcp.SetLinger(0) // an error means that the connection has ended
	}
	c.net.Close()
}
