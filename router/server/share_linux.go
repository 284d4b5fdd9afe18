package server

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// canShare is whether two listeners may have one port for a moment.
const canShare = true

// share lets another listener have the same port (SO_REUSEPORT, socket(7)), which must share it as well, or ends that.
func share(l net.Listener, on bool) error {
	tcp, ok := l.(syscall.Conn)
	if !ok {
		return syscall.EINVAL
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	return shareRaw(raw, on)
}

func shareRaw(raw syscall.RawConn, on bool) error {
	value := 0
	if on {
		value = 1
	}
	var failed error
	err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, value)
	})
	if err != nil {
		return err
	}
	return failed
}
