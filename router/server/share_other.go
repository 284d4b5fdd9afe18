//go:build !linux

package server

import (
	"errors"
	"net"
	"syscall"
)

// canShare is whether two listeners may have one port for a moment.
const canShare = false

func share(net.Listener, bool) error { return errors.ErrUnsupported }

func shareRaw(syscall.RawConn, bool) error { return errors.ErrUnsupported }
