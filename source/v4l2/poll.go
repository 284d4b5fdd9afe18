//go:build linux

package v4l2

import (
	"os"
	"syscall"
	"unsafe"
)

// struct pollfd
type pollFD struct {
	fd      int32
	events  int16
	revents int16
}

const (
	pollIn  = 0x1
	pollErr = 0x8
	pollHup = 0x10
)

// wait blocks the thread until there is a picture, the camera has failed, or Interrupt was called.
func (d *Device) wait() error {
	if !d.on {
		return d.failed("read", os.ErrInvalid)
	}
	for {
		fds := [2]pollFD{{fd: int32(d.fd), events: pollIn}, {fd: int32(d.wake.read), events: pollIn}}
		_, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&fds)), uintptr(len(fds)), 0, 0, 0, 0)
		switch {
		case errno == syscall.EINTR:
			continue
		case errno != 0:
			return d.failed("ppoll", errno)
		case fds[1].revents != 0:
			return ErrInterrupted
		case fds[0].revents&pollIn != 0:
			return nil
		case fds[0].revents&(pollErr|pollHup) != 0:
			return d.dead()
		}
	}
}

// dead finds the reason for a poll that reports nothing but an error.
func (d *Device) dead() error {
	d.choose(0)
	err := d.call(dqBuf)
	if err == nil || err == syscall.EAGAIN {
		err = syscall.EIO
	}
	return d.failed("VIDIOC_DQBUF", err)
}
