//go:build linux

// Package usbcam is a USB webcam made of software. It is plugged into the virtual USB controller of the kernel (vhci-hcd,
// of USB/IP), so that the kernel's own uvcvideo drives it and gives it a node in /dev like any other.
//
// It takes root and the modules vhci-hcd and uvcvideo; the tests have both in a virtual machine.
package usbcam

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// controller is the first of the kernel's virtual USB controllers.
const controller = "/sys/devices/platform/vhci_hcd.0/"

// A Format is what the pictures are coded in. The camera has them all, in every size.
type Format int

// The formats, in the order in which the camera lists them.
const (
	MJPEG Format = iota
	YUYV
	NV12
	formats
)

// Size is in pixels.
type Size struct{ Width, Height int }

// Picture is what the camera sends next.
type Picture struct {
	Data    []byte // nil: nothing, for the time of a picture
	Damaged bool   // the camera says that the picture is broken
}

// Stream is what the driver has set the camera to.
type Stream struct {
	Format Format
	Size
	Rate int // pictures a second
}

// A Camera is plugged in with Plug. Its fields must not be changed while it is.
type Camera struct {
	Name   string // of the product
	Serial string
	Sizes  []Size
	Rates  []int // pictures a second of every size; the first is the default
	// Picture makes the picture number n of a stream.
	Picture func(s Stream, n int) Picture
	// StopTime is how long the camera takes for each request that the driver cancels when it turns the camera off.
	StopTime time.Duration

	bus  *bus
	port int
	done sync.WaitGroup

	mu       sync.Mutex
	trying   negotiation // what the driver asked about
	set      negotiation // what it has chosen
	streams  int         // how often it has
	controls map[controlKey]int
}

// Plug plugs the camera in. The driver takes about half a second before there is a node.
func (c *Camera) Plug() error {
	port, err := freePort()
	if err != nil {
		return err
	}
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socketpair", err)
	}
	defer syscall.Close(ends[1]) // the kernel has taken it by then
	c.port = port
	c.trying, c.set, c.streams = c.offer(0, 0, 0), negotiation{}, 0
	c.controls = map[controlKey]int{}
	for key, r := range ranges {
		c.controls[key] = r.preset
	}
	// The descriptor stays a blocking one: the driver holds locks while it waits for this camera, and a poller that waits
	// for one of them could wait for ever.
	c.bus = newBus(os.NewFile(uintptr(ends[0]), "usbip"), c.control, c.StopTime)
	c.done.Go(c.bus.serve)
	c.done.Go(c.stream)
	const highSpeed = 3
	order := fmt.Sprintf("%d %d %d %d", port, ends[1], 1<<16|port, highSpeed)
	if err := os.WriteFile(controller+"attach", []byte(order), 0); err != nil {
		syscall.Shutdown(ends[0], syscall.SHUT_RDWR)
		c.done.Wait()
		return err
	}
	return nil
}

// Unplug pulls the camera out, whatever it is doing.
func (c *Camera) Unplug() error {
	err := os.WriteFile(controller+"detach", fmt.Append(nil, c.port), 0)
	c.bus.close()
	c.done.Wait()
	return err
}

// Control is the value that a control has now: "brightness", "auto exposure" or "exposure time".
func (c *Camera) Control(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, r := range ranges {
		if r.name == name {
			return c.controls[key]
		}
	}
	return 0
}

// Streams is how often the driver has turned the camera on since it was plugged in.
func (c *Camera) Streams() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streams
}

// freePort looks for a port for high speed that nothing is plugged into, and whose last camera the kernel has forgotten: it
// takes its time, and a port that is used again before then may be dead.
func freePort() (int, error) {
	status, err := os.ReadFile(controller + "status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		var hub string
		var port, state int
		const free = 4
		if n, _ := fmt.Sscanf(line, "%s %d %d", &hub, &port, &state); n < 3 || hub != "hs" || state != free {
			continue
		}
		if left, _ := filepath.Glob(fmt.Sprintf("%susb*/*-%d", controller, port+1)); len(left) == 0 {
			return port, nil
		}
	}
	return 0, errors.New("usbcam: no port is free")
}
