//go:build !unix

package server

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// openFiles is the limit of open files: here there is none.
func openFiles() uint64 { return 0 }

func openLogFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

// bindUnix opens a socket and removes one that a program left behind that was killed.
func bindUnix(path string) (net.Listener, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	return net.Listen("unix", path)
}

// canShare is whether two listeners may have one port for a moment.
const canShare = false

func share(net.Listener, bool) error { return errors.ErrUnsupported }

func shareRaw(syscall.RawConn, bool) error { return errors.ErrUnsupported }
