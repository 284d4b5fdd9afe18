//go:build linux

package usbcam

import (
	"encoding/binary"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// USB/IP (Documentation/usb/usbip_protocol.rst): every message begins with a header of 48 bytes, big-endian.
const (
	headerSize = 48

	cmdSubmit = 1
	cmdUnlink = 2
	retSubmit = 3
	retUnlink = 4
)

// request is what the kernel wants from an endpoint (an URB).
type request struct {
	seq      uint32
	in       bool // the data goes to the kernel
	endpoint uint32
	size     int // of the data
	setup    [8]byte
	data     []byte // that came along
}

// bus talks to the kernel. Requests to endpoint 0 are answered as they come; others wait until there is data for them.
type bus struct {
	socket  *os.File
	control func(r request) (data []byte, ok bool)
	delay   time.Duration // of an answer to a request that is taken back
	arrived chan struct{} // holds one: something may be waiting
	closed  chan struct{} // when the kernel has gone

	mu      sync.Mutex // held while something is written, and until what was answered is no longer waiting
	waiting []request
	message []byte // the last one written; its memory serves the next
}

func newBus(socket *os.File, control func(request) ([]byte, bool), delay time.Duration) *bus {
	return &bus{socket: socket, control: control, delay: delay, arrived: make(chan struct{}, 1), closed: make(chan struct{})}
}

// serve returns when the kernel has closed its end.
func (b *bus) serve() {
	defer close(b.closed)
	defer b.socket.Close()
	header := make([]byte, headerSize)
	for {
		if _, err := io.ReadFull(b.socket, header); err != nil {
			return
		}
		field := func(i int) uint32 { return binary.BigEndian.Uint32(header[4*i:]) }
		switch field(0) {
		case cmdSubmit:
			r := request{seq: field(1), in: field(3) == 1, endpoint: field(4), size: int(field(6))}
			copy(r.setup[:], header[40:])
			if !r.in {
				r.data = make([]byte, r.size)
				if _, err := io.ReadFull(b.socket, r.data); err != nil {
					return
				}
			}
			b.submit(r)
		case cmdUnlink:
			b.unlink(field(1), field(5))
		default:
			return
		}
	}
}

func (b *bus) close() { syscall.Shutdown(int(b.socket.Fd()), syscall.SHUT_RDWR) }

func (b *bus) submit(r request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.endpoint != 0 {
		b.waiting = append(b.waiting, r)
		select {
		case b.arrived <- struct{}{}:
		default:
		}
		return
	}
	data, ok := b.control(r)
	switch {
	case !ok: // the endpoint stalls
		b.write(retSubmit, r.seq, -int32(syscall.EPIPE), 0, nil)
	case r.in:
		data = data[:min(len(data), r.size)]
		b.write(retSubmit, r.seq, 0, len(data), data)
	default:
		b.write(retSubmit, r.seq, 0, r.size, nil)
	}
}

// unlink takes a request back that the kernel does not want answered any more.
func (b *bus) unlink(seq, victim uint32) {
	time.Sleep(b.delay)
	b.mu.Lock()
	defer b.mu.Unlock()
	var status int32 // it was answered before
	if i := slices.IndexFunc(b.waiting, func(r request) bool { return r.seq == victim }); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
		status = -int32(syscall.ECONNRESET)
	}
	b.write(retUnlink, seq, status, 0, nil)
}

// answer fills the request that waits longest with what fill makes for its size, and reports whether there was one.
func (b *bus) answer(fill func(size int) []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		return false
	}
	r := b.waiting[0]
	b.waiting = slices.Delete(b.waiting, 0, 1)
	data := fill(r.size)
	b.write(retSubmit, r.seq, 0, len(data), data)
	return true
}

// idle reports whether the kernel wants no data.
func (b *bus) idle() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting) == 0
}

// write is called under mu. That it fails is seen by serve.
func (b *bus) write(command, seq uint32, status int32, actual int, data []byte) {
	b.message = append(b.message[:0], make([]byte, headerSize)...)
	binary.BigEndian.PutUint32(b.message[0:], command)
	binary.BigEndian.PutUint32(b.message[4:], seq)
	binary.BigEndian.PutUint32(b.message[20:], uint32(status))
	binary.BigEndian.PutUint32(b.message[24:], uint32(actual))
	b.message = append(b.message, data...)
	b.socket.Write(b.message)
}
