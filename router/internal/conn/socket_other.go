//go:build !linux

package conn

import (
	"net"
	"syscall"
	"time"
)

// sendBuffer is how much the kernel may hold for a viewer where it does not tell how much it holds.
const sendBuffer = 64 << 10

// A socket is a viewer's. The kernel does not tell of it.
type socket struct{}

func (*socket) attach(c net.Conn, _ syscall.RawConn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetWriteBuffer(sendBuffer) // with the system's own size it works as well, less fresh
	}
}

func (*socket) queued() (int, bool)        { return 0, false }
func (*socket) acked() (int64, bool)       { return 0, false }
func (*socket) push(head, part []byte) int { return 0 }
func (*socket) roundTrip() time.Duration   { return 0 }
