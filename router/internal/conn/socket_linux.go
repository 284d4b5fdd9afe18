package conn

import (
	"math"
	"net"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// userTimeout is how long bytes may stay unacknowledged, or a silent viewer's kernel without an answer (RFC 5482).
const userTimeout = 15 * time.Second

// A socket is a viewer's, for what the kernel knows of it, and for writing without Go's waiting.
type socket struct {
	mu    sync.Mutex
	raw   syscall.RawConn
	look  func(fd uintptr) // sets what follows; made once, as it is called for every frame
	bytes int32
	err   syscall.Errno

	// Of the sender alone:
	write   func(fd uintptr) // as look
	pieces  [2][]byte
	written int
}

func (s *socket) attach(c net.Conn, raw syscall.RawConn) {
	s.raw = raw
	s.look = func(fd uintptr) { s.bytes, s.err = queued(fd) }
	s.write = func(fd uintptr) { s.written = write(fd, s.pieces) }
	if _, ok := c.(*net.TCPConn); ok {
		raw.Control(func(fd uintptr) { // without it TCP would try for a quarter of an hour
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(userTimeout.Milliseconds()))
		})
	}
}

// queued returns how many bytes the peer has not acknowledged, false if the kernel does not know.
func (s *socket) queued() (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.raw.Control(s.look); err != nil || s.err != 0 {
		return 0, false
	}
	return int(s.bytes), true
}

// Go's sockets do not block. The calls that are made for every frame are raw ones, therefore: to give the processor to another
// goroutine for the microseconds that they take, and to get it back, costs more than it brings.

// queued is the ioctl SIOCOUTQ.
func queued(fd uintptr) (bytes int32, err syscall.Errno) {
	_, _, err = syscall.RawSyscall(syscall.SYS_IOCTL, fd, unix.SIOCOUTQ, uintptr(unsafe.Pointer(&bytes)))
	return bytes, err
}

// write writes pieces of which the first may be empty, and returns how many bytes the kernel has accepted.
func write(fd uintptr, pieces [2][]byte) int {
	var vectors [2]syscall.Iovec
	for i, piece := range pieces {
		vectors[i].Base = unsafe.SliceData(piece)
		vectors[i].SetLen(len(piece))
	}
	n, _, err := syscall.RawSyscall(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&vectors)), uintptr(len(vectors)))
	if err != 0 {
		return 0
	}
	return int(n)
}

// push writes as much of head and part as the kernel accepts at once, and returns how many bytes that was.
func (s *socket) push(head, part []byte) int {
	s.pieces, s.written = [2][]byte{head, part}, 0
	s.raw.Control(s.write)
	s.pieces = [2][]byte{} // the collector may need them
	return s.written
}

// acked returns how many bytes the peer ever acknowledged, false if the kernel does not count them.
func (s *socket) acked() (int64, bool) {
	info := s.info()
	if info == nil {
		return 0, false
	}
	return int64(info.Bytes_acked), true
}

// roundTrip returns the shortest of the last minutes, 0 if the kernel does not know.
func (s *socket) roundTrip() time.Duration {
	info := s.info()
	if info == nil || info.Min_rtt == math.MaxUint32 {
		return 0
	}
	return time.Duration(info.Min_rtt) * time.Microsecond
}

// info returns nil for a socket that is not TCP's.
func (s *socket) info() (info *unix.TCPInfo) {
	s.raw.Control(func(fd uintptr) {
		var err error
		if info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err != nil {
			info = nil // with an error it is filled as well
		}
	})
	return info
}
