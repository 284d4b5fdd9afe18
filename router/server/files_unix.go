//go:build unix

package server

import (
	"cmp"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// openFiles is the limit of open files; 0 where it is not known.
func openFiles() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return uint64(limit.Cur)
}

// openLogFile opens a file for the log. A named pipe that nobody reads is an error; it would be waited for.
func openLogFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NONBLOCK, 0o600)
	if errors.Is(err, syscall.ENXIO) {
		return nil, errors.New(path + " is a named pipe that nobody reads: start its reader first")
	}
	return f, err
}

// socketMask makes a socket mode 0660 from the first moment: the owner and the group can connect, and the proxy's user belongs into
// the group.
const socketMask = 0o117

// bindUnix opens a socket and removes one that a program left behind that was killed. Programs that do so at the same time wait for
// each other by a lock on the directory.
func bindUnix(path string) (net.Listener, error) {
	if directory, err := os.Open(filepath.Dir(path)); err == nil {
		defer directory.Close()
		syscall.Flock(int(directory.Fd()), syscall.LOCK_EX) // if it fails, two that start at the same moment may fail
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	mask := syscall.Umask(socketMask)
	l, err := net.Listen("unix", path)
	syscall.Umask(mask)
	if err != nil {
		return nil, err
	}
	own, err := os.Lstat(path)
	if err != nil {
		l.Close()
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	return &ownedSocket{l.(*net.UnixListener), path, own}, nil
}

// An ownedSocket removes its file when it is closed, unless another program has put its own there.
type ownedSocket struct {
	*net.UnixListener
	path string
	own  fs.FileInfo
}

func (s *ownedSocket) Close() error {
	if now, err := os.Lstat(s.path); err == nil && os.SameFile(now, s.own) && now.ModTime().Equal(s.own.ModTime()) {
		os.Remove(s.path) // if it fails, the next start removes it
	}
	return s.UnixListener.Close()
}

// canShare is whether two listeners may have one port for a moment.
const canShare = runtime.GOOS == "linux"

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
	return cmp.Or(err, failed)
}
