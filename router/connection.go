package router

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// ConnContext makes viewers fresh, and lets those go early that do not read: with it the handlers know how much of what
// they wrote has arrived. It is for [http.Server.ConnContext], and all that a server must do:
//
//	server := &http.Server{Handler: handler, ConnContext: router.ConnContext}
//
// Without it everything works, but on a slow link pictures grow old in the kernel's buffers.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
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
	socket, ok := c.(syscall.Conn)
	if !ok {
		return ctx
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return ctx
	}
	conn := &connection{net: c, plain: plain}
	conn.socket.attach(c, raw)
	_, conn.measured = conn.socket.queued()
	return context.WithValue(ctx, connectionKey{}, conn)
}

type connectionKey struct{}

// connectionOf is the connection of a request, nil if the server has no [ConnContext].
func connectionOf(r *http.Request) *connection {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	return c
}

// A connection is a viewer's, as far as the kernel tells of it. Streams of HTTP/2 share one.
type connection struct {
	socket   socket
	plain    bool         // what is written goes to the socket as it is
	measured bool         // the kernel tells what has arrived
	written  atomic.Int64 // bytes of parts that the kernel has taken
	net      net.Conn

	mu       sync.Mutex
	taken    int64     // by the peer, as last seen while bytes waited; whenever none did, it has grown since
	progress time.Time // when it was first seen
}

// delivered is how much of what was written has arrived; false where the kernel does not tell. Beside what TLS adds to
// the bytes under way, which makes it a little less, it is exact.
func (c *connection) delivered() (int64, bool) {
	queued, ok := c.socket.queued()
	return c.written.Load() - int64(queued), ok
}

// stuckFor is how long bytes have waited without any being delivered. It must be asked often enough to see the progress.
func (c *connection) stuckFor(now time.Time) time.Duration {
	queued, ok := c.socket.queued()
	if !ok || queued == 0 {
		return 0 // where the kernel does not tell, the time that each part has must do
	}
	taken, ok := c.socket.acked()
	if !ok {
		taken, _ = c.delivered()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if taken != c.taken || c.progress.IsZero() {
		c.taken, c.progress = taken, now
	}
	return now.Sub(c.progress)
}

// reset ends the connection and frees what the kernel holds for it: an ordinary end would go on trying to deliver that.
func (c *connection) reset() {
	if tcp, ok := c.net.(*net.TCPConn); ok {
		tcp.SetLinger(0) // if that fails the connection is over already
	}
	c.net.Close()
}
