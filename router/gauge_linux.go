package router

import (
	"math"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// userTimeout is how long bytes may stay unacknowledged, or a silent viewer's kernel without an answer (RFC 5482).
const userTimeout = 15 * time.Second

// A gauge reads what the kernel knows of a socket.
type gauge struct {
	mu    sync.Mutex
	raw   syscall.RawConn
	look  func(fd uintptr) // writes what follows; made once, for it is called for every frame
	bytes int
	err   error
}

func (g *gauge) attach(c net.Conn, raw syscall.RawConn) {
	g.raw = raw
	g.look = func(fd uintptr) { g.bytes, g.err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }
	if _, ok := c.(*net.TCPConn); ok {
		raw.Control(func(fd uintptr) { // without it TCP's own patience counts
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(userTimeout.Milliseconds()))
		})
	}
}

// queued is how many bytes the peer has not acknowledged; false if the kernel does not know.
func (g *gauge) queued() (int, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.raw.Control(g.look); err != nil || g.err != nil {
		return 0, false
	}
	return g.bytes, true
}

// acked is how many bytes the peer ever acknowledged; false if the kernel does not count them.
func (g *gauge) acked() (uint64, bool) {
	info := g.info()
	if info == nil {
		return 0, false
	}
	return info.Bytes_acked, true
}

// roundTrip is the shortest of the last minutes; 0 if the kernel does not know.
func (g *gauge) roundTrip() time.Duration {
	info := g.info()
	if info == nil || info.Min_rtt == math.MaxUint32 {
		return 0
	}
	return time.Duration(info.Min_rtt) * time.Microsecond
}

// info is nil for a socket that is not TCP's.
func (g *gauge) info() (info *unix.TCPInfo) {
	g.raw.Control(func(fd uintptr) {
		info, _ = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	})
	return info
}
