//go:build linux

package v4l2

import (
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// Request numbers (include/uapi/linux/videodev2.h): direction, size of the argument, 'V', number. Where the direction
// stands differs between architectures.
const (
	read      = 2 << dirShift
	write     = dirWrite << dirShift
	readWrite = read | write

	queryCap       = read | unsafe.Sizeof(capability{})<<16 | 'V'<<8
	enumFmt        = readWrite | unsafe.Sizeof(fmtDesc{})<<16 | 'V'<<8 | 2
	getFmt         = readWrite | unsafe.Sizeof(format{})<<16 | 'V'<<8 | 4
	setFmt         = readWrite | unsafe.Sizeof(format{})<<16 | 'V'<<8 | 5
	reqBufs        = readWrite | unsafe.Sizeof(requestBuffers{})<<16 | 'V'<<8 | 8
	queryBuf       = readWrite | 'V'<<8 | 9 // the size is bufferLayout's
	qBuf           = readWrite | 'V'<<8 | 15
	dqBuf          = readWrite | 'V'<<8 | 17
	streamOn       = write | unsafe.Sizeof(int32(0))<<16 | 'V'<<8 | 18
	streamOff      = write | unsafe.Sizeof(int32(0))<<16 | 'V'<<8 | 19
	getParm        = readWrite | unsafe.Sizeof(streamParm{})<<16 | 'V'<<8 | 21
	setParm        = readWrite | unsafe.Sizeof(streamParm{})<<16 | 'V'<<8 | 22
	getCtrl        = readWrite | unsafe.Sizeof(control{})<<16 | 'V'<<8 | 27
	setCtrl        = readWrite | unsafe.Sizeof(control{})<<16 | 'V'<<8 | 28
	queryCtrl      = readWrite | unsafe.Sizeof(controlInfo{})<<16 | 'V'<<8 | 36
	getInput       = read | unsafe.Sizeof(int32(0))<<16 | 'V'<<8 | 38
	queryMenu      = readWrite | unsafe.Sizeof(menuItem{})<<16 | 'V'<<8 | 37
	enumFrameSizes = readWrite | unsafe.Sizeof(frameSize{})<<16 | 'V'<<8 | 74
	enumIntervals  = readWrite | unsafe.Sizeof(frameInterval{})<<16 | 'V'<<8 | 75
)

const (
	typeCapture = 1 // V4L2_BUF_TYPE_VIDEO_CAPTURE
	memoryMmap  = 1 // V4L2_MEMORY_MMAP
)

// struct v4l2_capability
type capability struct {
	driver       [16]byte
	card         [32]byte
	bus          [32]byte
	version      uint32
	capabilities uint32 // of all nodes of the device
	deviceCaps   uint32 // of this one
	_            [3]uint32
}

const (
	capCapture    = 0x1        // V4L2_CAP_VIDEO_CAPTURE
	capM2M        = 0x8000     // V4L2_CAP_VIDEO_M2M
	capStreaming  = 0x04000000 // V4L2_CAP_STREAMING
	capPipeline   = 0x20000000 // V4L2_CAP_IO_MC: other programs have to set up what is before it
	capDeviceCaps = 0x80000000 // V4L2_CAP_DEVICE_CAPS
)

// struct v4l2_fmtdesc
type fmtDesc struct {
	index, typ, flags uint32
	description       [32]byte
	pixelFormat       uint32
	_                 [4]uint32
}

// struct v4l2_format; the union holds pointers in other members, which align it.
type format struct {
	typ uint32
	fmt [200 / unsafe.Sizeof(uintptr(0))]uintptr
}

// pix is the union's struct v4l2_pix_format.
func (f *format) pix() *pixFormat { return (*pixFormat)(unsafe.Pointer(&f.fmt)) }

type pixFormat struct {
	width, height, pixelFormat, field, bytesPerLine, sizeImage uint32
	colorspace, priv, flags, encoding, quantization            uint32
}

// Colours (enum v4l2_colorspace, enum v4l2_quantization).
const (
	colorspaceJPEG   = 7
	quantizationFull = 1
	fourCCGrey       = 'G' | 'R'<<8 | 'E'<<16 | 'Y'<<24
)

// fullRange reports whether samples go from 0 to 255. Where the driver is silent, YUV does not (section "Colorspaces"),
// but for the JPEG colour space and for grey, which is what a sensor says.
func (p *pixFormat) fullRange() bool {
	if p.quantization != 0 {
		return p.quantization == quantizationFull
	}
	return p.colorspace == colorspaceJPEG || p.pixelFormat == fourCCGrey
}

// struct v4l2_requestbuffers
type requestBuffers struct {
	count, typ, memory, capabilities, flags uint32
}

// struct v4l2_fract, in seconds: the time between two pictures.
type fraction struct{ numerator, denominator uint32 }

func (f fraction) fps() float64 {
	if f.numerator == 0 {
		return 0
	}
	return float64(f.denominator) / float64(f.numerator)
}

// struct v4l2_streamparm with its struct v4l2_captureparm
type streamParm struct {
	typ          uint32
	capability   uint32
	mode         uint32
	timePerFrame fraction
	extendedMode uint32
	readBuffers  uint32
	_            [4]uint32
	_            [200 - 40]byte
}

const capTimePerFrame = 0x1000 // V4L2_CAP_TIMEPERFRAME

// struct v4l2_control
type control struct {
	id    uint32
	value int32
}

// struct v4l2_queryctrl
type controlInfo struct {
	id, typ                uint32
	name                   [32]byte
	min, max, step, preset int32
	flags                  uint32
	_                      [2]uint32
}

// struct v4l2_querymenu
type menuItem struct {
	id, index uint32
	name      [32]byte // or, in an integer menu, an int64 in the machine's order
	_         uint32
}

// struct v4l2_frmsizeenum
type frameSize struct {
	index, pixelFormat, typ uint32
	minWidth                uint32 // or the discrete width
	maxWidth                uint32 // or the discrete height
	stepWidth               uint32
	minHeight, maxHeight    uint32
	stepHeight              uint32
	_                       [2]uint32
}

// struct v4l2_frmivalenum
type frameInterval struct {
	index, pixelFormat, width, height, typ uint32
	min, max, step                         fraction // or the discrete one in min
	_                                      [2]uint32
}

const discrete = 1 // V4L2_FRMSIZE_TYPE_DISCRETE and V4L2_FRMIVAL_TYPE_DISCRETE

// ioctl calls the driver, again when a signal came between: Go sends itself many.
func (d *Device) ioctl(request uintptr, arg unsafe.Pointer) error {
	for {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(d.fd), request, uintptr(arg))
		switch errno {
		case 0:
			return nil
		case syscall.EINTR:
			continue
		}
		return errno
	}
}

// text is a string of the kernel's, which ends at its first zero.
func text(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return printable(string(b[:i]))
		}
	}
	return printable(string(b))
}

// printable leaves out what a terminal would obey, such as control characters: a name comes from the camera, which may be any
// USB device.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
}
