// Package v4l2 reads webcams through Video4Linux2, the interface of the Linux kernel, with the standard library alone.
//
//	d, err := v4l2.Open("/dev/video0")
//	…
//	mode, err := d.Configure(v4l2.Mode{Width: 1280, Height: 720}) // what the camera will send
//	err = d.Start(4)
//	for {
//		frame, err := d.Read(buffer) // one picture, byte for byte as the camera sent it
//		…
//	}
//
// [Nodes] lists the cameras of this machine, [Node.Describe] says what one can do, and [Device.SetControl] sets brightness,
// exposure and the like. Only single-planar capture with memory-mapped buffers is supported, which is what webcams have. On
// systems other than Linux everything fails with [errors.ErrUnsupported].
//
// The descriptor of a camera never meets Go's network poller: one poll before the buffers exist makes the kernel start to
// emulate read, drivers hold their queue's lock while they stop, and a poll that a signal ends leaves some of them deaf. A
// Device is polled by the thread that reads from it, and by no other.
//
// Sections named in comments are those of the kernel's "Video for Linux API" (userspace-api/media/v4l).
package v4l2

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

var (
	// ErrNotCamera is the error of [Open] for a node that takes no pictures: an output, a radio, a camera's metadata.
	ErrNotCamera = errors.New("not a camera")
	// ErrInterrupted is what [Device.Read] returns after [Device.Interrupt].
	ErrInterrupted = errors.New("interrupted")
)

// A FourCC names a pixel format (section "Image Formats"): four characters, the first in the lowest byte.
type FourCC uint32

func parseFourCC(name string) (FourCC, error) {
	if name == "" || len(name) > 4 {
		return 0, fmt.Errorf("%q is not the four characters of a pixel format", name)
	}
	var f FourCC
	for i, c := range []byte((name + "   ")[:4]) {
		f |= FourCC(c) << (8 * i)
	}
	return f, nil
}

// String is the name without the spaces that fill it.
func (f FourCC) String() string {
	return strings.TrimRight(string([]byte{byte(f), byte(f >> 8), byte(f >> 16), byte(f >> 24 & 0x7f)}), " ")
}

// MarshalText is [FourCC.String] for JSON.
func (f FourCC) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads a name of one to four characters; shorter ones are filled with spaces, as "Z16 " is.
func (f *FourCC) UnmarshalText(text []byte) (err error) {
	*f, err = parseFourCC(string(text))
	return err
}

// A Format is a pixel format of a camera (VIDIOC_ENUM_FMT), with the sizes it comes in.
type Format struct {
	FourCC      FourCC `json:"fourcc"`
	Description string `json:"description"`
	Sizes       []Size `json:"sizes"`
}

// A Size is a picture size, or a range of them, of one Format (VIDIOC_ENUM_FRAMESIZES), in pixels.
type Size struct {
	Width  int `json:"width"` // the only one, or the smallest
	Height int `json:"height"`
	// The largest, and the steps between; all zero where the size is a single one.
	MaxWidth   int `json:"max_width,omitempty"`
	MaxHeight  int `json:"max_height,omitempty"`
	StepWidth  int `json:"step_width,omitempty"`
	StepHeight int `json:"step_height,omitempty"`
	// Rates are in pictures a second: those that the camera offers at this size, or at the largest of a range, in its own
	// order; empty where it does not say (VIDIOC_ENUM_FRAMEINTERVALS).
	Rates []float64 `json:"rates,omitempty"`
	// RateRange is true where Rates are the two ends of a range.
	RateRange bool `json:"rate_range,omitempty"`
}

// String is the size, or its range, with the rates: "1280x720 at 30, 15".
func (s Size) String() string {
	text := fmt.Sprintf("%dx%d", s.Width, s.Height)
	if s.MaxWidth != 0 {
		text += fmt.Sprintf(" to %dx%d", s.MaxWidth, s.MaxHeight)
	}
	rates := make([]string, len(s.Rates))
	for i, fps := range s.Rates {
		rates[i] = strconv.FormatFloat(math.Round(fps*100)/100, 'f', -1, 64)
	}
	switch {
	case len(rates) == 0:
		return text
	case s.RateRange:
		return text + " at " + strings.Join(rates, " to ")
	}
	return text + " at " + strings.Join(rates, ", ")
}

// Nearest returns the size in the range that is nearest to the one wanted; 0 stands for the largest.
func (s Size) Nearest(width, height int) (int, int) {
	return nearest(width, s.Width, s.MaxWidth, s.StepWidth), nearest(height, s.Height, s.MaxHeight, s.StepHeight)
}

func nearest(want, smallest, largest, step int) int {
	switch {
	case largest <= smallest || (want != 0 && want <= smallest):
		return smallest
	case want == 0 || want >= largest:
		return largest
	}
	step = max(step, 1)
	return min(smallest+(want-smallest+step/2)/step*step, largest)
}

// A Mode is what a camera sends: what [Device.Configure] asks for, and what it returns.
type Mode struct {
	FourCC        FourCC
	Width, Height int // in pixels
	// Stride is the length of a line of the first plane, SizeImage the largest size of a picture, both in bytes.
	Stride, SizeImage int
	// FullRange is true where raw samples go from 0 to 255, false where luma goes from 16 to 235 and chroma to 240.
	FullRange bool
	// FPS is in pictures a second. Zero asks for the camera's own rate, and stands for an unknown one.
	FPS float64
}

// A Frame is one picture.
type Frame struct {
	// Data is the picture as the camera sent it: as many bytes as the driver says were used.
	Data []byte
	// Sequence counts the pictures the camera took since [Device.Start]; a number left out is a picture that did not arrive.
	Sequence uint32
	// Time is when the picture was taken; zero where the driver's clock is not the monotonic one.
	Time time.Time
	// Damaged is true where the driver says that data is missing or wrong.
	Damaged bool
}
