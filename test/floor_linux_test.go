package test

import (
	"net"
	"syscall"
	"unsafe"
)

// A polled connection is one of a program that writes as cheaply as it can: with one thread, to sockets that do not block, past
// Go's own waiting, and with epoll for what they do not take at once.
type polled struct {
	net.Conn
	fd, epoll int
}

func newPolled(c net.Conn) net.Conn {
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		panic(err)
	}
	p := polled{Conn: c}
	if p.epoll, err = syscall.EpollCreate1(0); err != nil {
		panic(err)
	}
	raw.Control(func(fd uintptr) { p.fd = int(fd) })
	if err := syscall.EpollCtl(p.epoll, syscall.EPOLL_CTL_ADD, p.fd, &syscall.EpollEvent{Events: syscall.EPOLLOUT}); err != nil {
		panic(err)
	}
	return p
}

func (p polled) Write(b []byte) (int, error) {
	for left := b; len(left) > 0; {
		n, _, err := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(p.fd), uintptr(unsafe.Pointer(unsafe.SliceData(left))), uintptr(len(left)))
		switch err {
		case 0:
			left = left[n:]
		case syscall.EAGAIN:
			syscall.EpollWait(p.epoll, make([]syscall.EpollEvent, 1), -1)
		case syscall.EINTR:
		default:
			return len(b) - len(left), err
		}
	}
	return len(b), nil
}
