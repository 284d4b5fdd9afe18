package conn

import (
	"net"
	"sync"
)

// maxGathered is how many bytes of a part are gathered before they are written, so that a viewer who takes nothing holds little.
const maxGathered = 256 << 10

// A Gatherer is the connection below one of TLS, which writes each record by itself. The records of a part that a [Conn] sends
// leave in one piece.
type Gatherer struct {
	net.Conn
	buffers *Buffers

	mu      sync.Mutex
	held    bool
	buffer  *[]byte // nil: nothing is gathered
	written int     // bytes of it
}

// Buffers are what the Gatherers of a server share: each needs one only while a part is under way. The zero value works.
type Buffers struct{ free sync.Pool }

// Gather returns what [crypto/tls.Server] is to be given instead of c.
func (b *Buffers) Gather(c net.Conn) *Gatherer { return &Gatherer{Conn: c, buffers: b} }

func (b *Buffers) get() *[]byte {
	if buffer, ok := b.free.Get().(*[]byte); ok {
		return buffer
	}
	return new([]byte)
}

func (b *Buffers) put(buffer *[]byte) {
	*buffer = (*buffer)[:0]
	b.free.Put(buffer)
}

// NetConn returns the connection that g stands on.
func (g *Gatherer) NetConn() net.Conn { return g.Conn }

// Write writes b after what was gathered, or gathers it.
func (g *Gatherer) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.buffer != nil && (!g.held || len(*g.buffer)+len(b) > maxGathered) {
		if err := g.flush(); err != nil {
			return 0, err
		}
	}
	if !g.held {
		return g.Conn.Write(b)
	}
	if g.buffer == nil {
		g.buffer = g.buffers.get()
	}
	*g.buffer = append(*g.buffer, b...)
	return len(b), nil
}

// hold gathers what is written from now on, until push or release.
func (g *Gatherer) hold() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = true
}

// release writes what was gathered.
func (g *Gatherer) release() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = false
	if g.buffer == nil {
		return nil
	}
	return g.flush()
}

// push writes what was gathered as far as write does, and reports whether that was all. The rest is kept for release.
func (g *Gatherer) push(write func([]byte) int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = false
	if g.buffer == nil {
		return true
	}
	g.written += write((*g.buffer)[g.written:])
	if g.written < len(*g.buffer) {
		return false
	}
	g.free()
	return true
}

func (g *Gatherer) flush() error {
	_, err := g.Conn.Write((*g.buffer)[g.written:])
	g.free() // after an error package tls writes no more
	return err
}

func (g *Gatherer) free() {
	g.buffers.put(g.buffer)
	g.buffer, g.written = nil, 0
}
