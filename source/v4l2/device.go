//go:build linux

package v4l2

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"unsafe"
)

// A Device is an open camera. Its methods are for one goroutine, but for [Device.Interrupt].
type Device struct {
	fd   int
	path string
	Node Node // without Formats and Controls

	streaming
	wake wake
}

// wake is a pipe that ends a poll.
type wake struct {
	mu          sync.Mutex // the descriptors are closed under it, lest Interrupt write into another's
	read, write int        // -1: closed
}

// Open opens the camera at path, a node such as /dev/video0 or a link to one. It does not turn the camera on, and other
// programs can have it open as well. Its errors wrap [ErrNotCamera] where the file is no camera, [io/fs.ErrNotExist],
// [io/fs.ErrPermission], or ENODEV and ENXIO where the camera was unplugged.
func Open(path string) (*Device, error) {
	fd, err := syscall.Open(path, syscall.O_RDWR|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	for err == syscall.EINTR {
		fd, err = syscall.Open(path, syscall.O_RDWR|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	d := &Device{fd: fd, path: path, wake: wake{read: -1, write: -1}}
	if err := d.identify(); err != nil {
		d.Close()
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	var pipe [2]int
	if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK); err != nil {
		d.Close()
		return nil, os.NewSyscallError("pipe", err)
	}
	d.wake.read, d.wake.write = pipe[0], pipe[1]
	return d, nil
}

// identify asks what the node is (VIDIOC_QUERYCAP).
func (d *Device) identify() error {
	var c capability
	switch err := d.ioctl(queryCap, unsafe.Pointer(&c)); err {
	case nil:
	case syscall.ENOTTY, syscall.EINVAL:
		return ErrNotCamera
	default:
		return err
	}
	caps := c.capabilities
	if caps&capDeviceCaps != 0 {
		caps = c.deviceCaps
	}
	if caps&capCapture == 0 || caps&capStreaming == 0 || caps&(capM2M|capPipeline) != 0 {
		return ErrNotCamera
	}
	// What captures and has no input gives back what it was given, as a Raspberry Pi's image processor.
	var input int32
	if d.ioctl(getInput, unsafe.Pointer(&input)) == syscall.ENOTTY {
		return ErrNotCamera
	}
	node, err := filepath.EvalSymlinks(d.path)
	if err != nil {
		return cause(err)
	}
	d.Node = Node{
		Path:   node,
		Name:   text(c.card[:]),
		Driver: text(c.driver[:]),
		Bus:    text(c.bus[:]),
		ID:     id(node),
	}
	return nil
}

// Configure asks the camera for a mode and returns what it will send, which may differ in everything (VIDIOC_S_FMT,
// VIDIOC_S_PARM). Zero fields keep what the camera has. It fails with EBUSY where another program reads the camera.
func (d *Device) Configure(want Mode) (Mode, error) {
	f := format{typ: typeCapture}
	if err := d.ioctl(getFmt, unsafe.Pointer(&f)); err != nil {
		return Mode{}, d.failed("VIDIOC_G_FMT", err)
	}
	pix := f.pix()
	set := func(field *uint32, value int) {
		if value != 0 {
			*field = uint32(value)
		}
	}
	set(&pix.pixelFormat, int(want.FourCC))
	set(&pix.width, want.Width)
	set(&pix.height, want.Height)
	pix.field, pix.bytesPerLine, pix.sizeImage = 0, 0, 0 // any, and the driver's own
	if err := d.ioctl(setFmt, unsafe.Pointer(&f)); err != nil {
		return Mode{}, d.failed("VIDIOC_S_FMT", err)
	}
	mode := Mode{
		FourCC:    FourCC(pix.pixelFormat),
		Width:     int(pix.width),
		Height:    int(pix.height),
		Stride:    int(pix.bytesPerLine),
		SizeImage: int(pix.sizeImage),
		FullRange: pix.fullRange(),
	}
	if mode.Width <= 0 || mode.Height <= 0 || mode.Width > math.MaxUint16 || mode.Height > math.MaxUint16 {
		return Mode{}, fmt.Errorf("%s: the camera offers pictures of %d by %d pixels", d.path, mode.Width, mode.Height)
	}
	var err error
	mode.FPS, err = d.setRate(want.FPS)
	return mode, err
}

// setRate asks for a rate in pictures a second, where the driver can be asked, and returns the camera's; zero asks for none,
// and stands for a rate that is not known.
func (d *Device) setRate(fps float64) (float64, error) {
	p := streamParm{typ: typeCapture}
	if err := d.ioctl(getParm, unsafe.Pointer(&p)); err != nil {
		return 0, nil // optional, as the drivers of capture cards show
	}
	if p.capability&capTimePerFrame == 0 || fps <= 0 {
		return p.timePerFrame.fps(), nil
	}
	const precision = 1000
	p.timePerFrame = fraction{precision, uint32(math.Round(fps * precision))}
	if err := d.ioctl(setParm, unsafe.Pointer(&p)); err != nil {
		return 0, d.failed("VIDIOC_S_PARM", err)
	}
	return p.timePerFrame.fps(), nil
}

// failed says which call failed on which node.
func (d *Device) failed(call string, err error) error {
	return &os.PathError{Op: call, Path: d.path, Err: err}
}

// Interrupt makes [Device.Read] return [ErrInterrupted], now or at its next call, and for good. It may be called by any
// goroutine, at any time.
func (d *Device) Interrupt() {
	d.wake.mu.Lock()
	defer d.wake.mu.Unlock()
	if d.wake.write >= 0 {
		syscall.Write(d.wake.write, []byte{0}) // nothing empties the pipe, so the first byte stays
	}
}

// Close turns the camera off and closes it. Drivers have been seen to take a second.
func (d *Device) Close() error {
	d.stop()
	d.wake.mu.Lock()
	defer d.wake.mu.Unlock()
	if d.wake.read >= 0 {
		syscall.Close(d.wake.read)
		syscall.Close(d.wake.write)
		d.wake.read, d.wake.write = -1, -1
	}
	if d.fd < 0 {
		return os.ErrClosed
	}
	err := syscall.Close(d.fd)
	d.fd = -1
	if err != nil {
		return d.failed("close", err)
	}
	return nil
}
