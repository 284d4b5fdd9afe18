//go:build !linux

package conn

import (
	"net"
	"syscall"
	"time"
)

// sendBuffer is how many bytes the kernel may hold for a viewer where it does not tell how many it holds.
const sendBuffer = 64 << 10

// A socket is a viewer's, of which the kernel tells nothing.
type socket struct{}

func (*socket) attach(c net.Conn, _ syscall.RawConn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetWriteBuffer(sendBuffer) // if that fails pictures are older on slow links
	}
}

func (*socket) queued() (int, bool)        { return 0, false }
func (*socket) acked() (int64, bool)       { return 0, false }
func (*socket) push(head, part []byte) int { return 0 }
func (*socket) roundTrip() time.Duration   { return 0 }
