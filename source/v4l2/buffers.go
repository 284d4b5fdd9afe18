//go:build linux

package v4l2

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// bufferLayout holds the offsets of the fields of struct v4l2_buffer, in words of 32 bits. 32-bit systems have two forms,
// with times of 32 bits and of 64.
type bufferLayout struct {
	size                             uintptr // in bytes
	seconds                          int
	wide                             bool // seconds and microseconds have 64 bits each
	sequence, memory, offset, length int
}

// The fields before the time stamp are at the same offset everywhere.
const (
	bufferIndex = iota
	bufferType
	bufferBytesUsed
	bufferFlags
)

var (
	layout64       = bufferLayout{size: 88, seconds: 6, wide: true, sequence: 14, memory: 15, offset: 16, length: 18}
	layout32       = bufferLayout{size: 68, seconds: 5, sequence: 11, memory: 12, offset: 13, length: 14}
	layout32Time64 = bufferLayout{size: 80, seconds: 6, wide: true, sequence: 14, memory: 15, offset: 16, length: 17}
	// On 386 C aligns 64 bits to 4 bytes.
	layout386Time64 = bufferLayout{size: 76, seconds: 5, wide: true, sequence: 13, memory: 14, offset: 15, length: 16}
)

// bufferLayouts are those to try, in turn.
func bufferLayouts() []bufferLayout {
	switch {
	case unsafe.Sizeof(uintptr(0)) == 8:
		return []bufferLayout{layout64}
	case runtime.GOARCH == "386":
		return []bufferLayout{layout32, layout386Time64}
	}
	return []bufferLayout{layout32, layout32Time64}
}

// Flags of a buffer.
const (
	bufferError        = 0x40   // V4L2_BUF_FLAG_ERROR
	timestampMask      = 0xe000 // V4L2_BUF_FLAG_TIMESTAMP_MASK
	timestampMonotonic = 0x2000 // V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC
)

// streaming is the part of a Device that is there between Start and Close.
type streaming struct {
	layout  bufferLayout
	buffer  [11]uint64 // a struct v4l2_buffer, read and written as its layout says
	buffers [][]byte   // the driver's memory
	asked   bool       // the driver has made buffers
	on      bool

	// One moment on both clocks, the driver's in nanoseconds.
	began     time.Time
	beganMono int64
}

func (s *streaming) words() *[22]uint32 { return (*[22]uint32)(unsafe.Pointer(&s.buffer)) }

// time is the buffer's time stamp in nanoseconds of the monotonic clock.
func (s *streaming) time() int64 {
	at := unsafe.Pointer(&s.words()[s.layout.seconds])
	if s.layout.wide {
		t := (*[2]int64)(at)
		return t[0]*int64(time.Second) + t[1]*int64(time.Microsecond)
	}
	t := (*[2]int32)(at)
	return int64(t[0])*int64(time.Second) + int64(t[1])*int64(time.Microsecond)
}

// call is an ioctl on the buffer.
func (d *Device) call(request uintptr) error {
	return d.ioctl(request|d.layout.size<<16, unsafe.Pointer(&d.buffer))
}

// choose selects the buffer of the next call.
func (d *Device) choose(index int) {
	d.buffer = [11]uint64{}
	w := d.words()
	w[bufferIndex] = uint32(index)
	w[bufferType] = typeCapture
	w[d.layout.memory] = memoryMmap
}

// Start turns the camera on, with room for so many pictures; the driver may ask for more. After Start, [Device.Configure]
// fails.
func (d *Device) Start(buffers int) error {
	r := requestBuffers{count: uint32(buffers), typ: typeCapture, memory: memoryMmap}
	if err := d.ioctl(reqBufs, unsafe.Pointer(&r)); err != nil {
		return d.failed("VIDIOC_REQBUFS", err)
	}
	d.asked = true
	for i := range int(r.count) {
		if err := d.mapBuffer(i); err != nil {
			return err
		}
	}
	d.began = time.Now()
	d.beganMono = monotonic()
	typ := int32(typeCapture)
	if err := d.ioctl(streamOn, unsafe.Pointer(&typ)); err != nil {
		return d.failed("VIDIOC_STREAMON", err)
	}
	d.on = true
	return nil
}

// mapBuffer maps one buffer and gives it to the driver to fill.
func (d *Device) mapBuffer(index int) error {
	if err := d.query(index); err != nil {
		return d.failed("VIDIOC_QUERYBUF", err)
	}
	w := d.words()
	memory, err := syscall.Mmap(d.fd, int64(w[d.layout.offset]), int(w[d.layout.length]), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return d.failed("mmap", err)
	}
	d.buffers = append(d.buffers, memory)
	d.choose(index)
	if err := d.call(qBuf); err != nil {
		return d.failed("VIDIOC_QBUF", err)
	}
	return nil
}

// query asks where a buffer is, and finds out which layout the kernel uses.
func (d *Device) query(index int) error {
	var err error
	for _, l := range bufferLayouts() {
		if d.layout.size != 0 && d.layout.size != l.size {
			continue
		}
		d.layout = l
		d.choose(index)
		if err = d.call(queryBuf); err != syscall.ENOTTY {
			return err
		}
		d.layout = bufferLayout{}
	}
	return err
}

// Read waits for the next picture and appends it to dst[:0], so that a dst large enough allocates nothing. The picture
// is the caller's; the driver has its memory back before Read returns. A damaged picture is no error, see [Frame.Damaged].
// Errors wrap ENODEV where the camera was unplugged.
func (d *Device) Read(dst []byte) (Frame, error) {
	for {
		if err := d.wait(); err != nil {
			return Frame{}, err
		}
		d.choose(0)
		switch err := d.call(dqBuf); err {
		case nil:
			return d.frame(dst)
		case syscall.EAGAIN:
		default:
			return Frame{}, d.failed("VIDIOC_DQBUF", err)
		}
	}
}

// frame copies the picture out of the buffer that was dequeued, and queues it again.
func (d *Device) frame(dst []byte) (Frame, error) {
	w := d.words()
	index, used, flags := int(w[bufferIndex]), int(w[bufferBytesUsed]), w[bufferFlags]
	if index >= len(d.buffers) {
		return Frame{}, d.failed("VIDIOC_DQBUF", errors.New("the driver returned a buffer that it does not have"))
	}
	f := Frame{Sequence: w[d.layout.sequence], Damaged: flags&bufferError != 0}
	if flags&timestampMask == timestampMonotonic {
		f.Time = d.captured()
	}
	f.Data = appendPieces(dst[:0], d.buffers[index][:min(used, len(d.buffers[index]))])
	d.choose(index)
	if err := d.call(qBuf); err != nil {
		return f, d.failed("VIDIOC_QBUF", err)
	}
	return f, nil
}

// captured is the buffer's time stamp on the wall clock: as old now as it is on the driver's clock, and never in the
// future, where vivid's are. It takes no system call, and a wall clock that was set meanwhile does no harm.
func (d *Device) captured() time.Time {
	now := time.Now()
	age := now.Sub(d.began) - time.Duration(d.time()-d.beganMono)
	return now.Add(-max(age, 0))
}

// appendPieces appends in pieces of 64 KB: a copy cannot be preempted, and stopping the world waits for its end.
func appendPieces(dst, src []byte) []byte {
	const piece = 64 << 10
	if cap(dst) < len(src) {
		dst = make([]byte, 0, len(src))
	}
	for len(src) > 0 {
		n := min(piece, len(src))
		dst = append(dst, src[:n]...)
		src = src[n:]
	}
	return dst
}

// stop turns the camera off and gives the memory back, as far as Start got.
func (d *Device) stop() {
	if d.on {
		typ := int32(typeCapture)
		d.ioctl(streamOff, unsafe.Pointer(&typ)) // fails when the camera is gone, and then it is off
		d.on = false
	}
	for _, b := range d.buffers {
		syscall.Munmap(b)
	}
	d.buffers = nil
	if d.asked {
		none := requestBuffers{typ: typeCapture, memory: memoryMmap}
		d.ioctl(reqBufs, unsafe.Pointer(&none))
		d.asked = false
	}
}

func monotonic() int64 {
	const clockMonotonic = 1
	var t syscall.Timespec
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		panic(os.NewSyscallError("clock_gettime", errno)) // every Linux has this clock
	}
	return t.Nano()
}
