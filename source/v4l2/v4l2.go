// Package v4l2 speaks to webcams as the Linux kernel offers them, Video4Linux2, with nothing but the standard library.
//
// [List] tells what cameras there are. [Open] opens one, [Device.Configure] chooses what it sends, [Device.Start] turns
// it on, and [Device.Read] waits for its pictures, which are those of the camera, byte for byte. On other systems
// everything fails with [errors.ErrUnsupported].
//
// The descriptor of a camera never meets Go's network poller: one poll before the buffers are there makes the kernel
// start to emulate read, drivers hold their queue's lock while they stop, and a poll that a signal ends leaves some of
// them deaf. A Device is polled by the thread that reads from it, and by no other.
//
// Paragraphs named in comments are those of the kernel's "Video for Linux API" (userspace-api/media/v4l).
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
	// ErrNotCamera says that a device node exists and takes no pictures that could be streamed: an output, a radio, a
	// camera's metadata.
	ErrNotCamera = errors.New("not a camera")
	// ErrInterrupted is what [Device.Read] returns after [Device.Interrupt].
	ErrInterrupted = errors.New("interrupted")
)

// A FourCC names a pixel format (section "Image Formats"): four characters, the first in the lowest byte.
type FourCC uint32

// ParseFourCC reads a name of up to four characters; shorter ones are filled with spaces, as "Z16 " is.
func ParseFourCC(name string) (FourCC, error) {
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

// UnmarshalText is [ParseFourCC] for JSON.
func (f *FourCC) UnmarshalText(text []byte) (err error) {
	*f, err = ParseFourCC(string(text))
	return err
}

// Format is one pixel format of a camera (VIDIOC_ENUM_FMT), with the sizes it comes in.
type Format struct {
	FourCC      FourCC `json:"fourcc"`
	Description string `json:"description"`
	Sizes       []Size `json:"sizes"`
}

// Size is a picture size, or a range of them, of one Format (VIDIOC_ENUM_FRAMESIZES). In pixels.
type Size struct {
	Width  int `json:"width"` // the only one, or the smallest
	Height int `json:"height"`
	// The largest, and the steps between; all zero where the size is a single one.
	MaxWidth   int `json:"max_width,omitempty"`
	MaxHeight  int `json:"max_height,omitempty"`
	StepWidth  int `json:"step_width,omitempty"`
	StepHeight int `json:"step_height,omitempty"`
	// Rates are the pictures a second that the camera can take at this size, or at the largest of a range, in its own
	// order; empty where it does not tell (VIDIOC_ENUM_FRAMEINTERVALS).
	Rates []float64 `json:"rates,omitempty"`
	// RateRange says that Rates are the two ends of a range.
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

// Nearest is the size in the range that is nearest to the one wished; a wish of zero is the largest.
func (s Size) Nearest(width, height int) (int, int) {
	return nearest(width, s.Width, s.MaxWidth, s.StepWidth), nearest(height, s.Height, s.MaxHeight, s.StepHeight)
}

func nearest(wish, smallest, largest, step int) int {
	switch {
	case largest <= smallest || (wish != 0 && wish <= smallest):
		return smallest
	case wish == 0 || wish >= largest:
		return largest
	}
	step = max(step, 1)
	return min(smallest+(wish-smallest+step/2)/step*step, largest)
}

// Mode is what a camera sends: the wish given to [Device.Configure], and its answer.
type Mode struct {
	FourCC        FourCC
	Width, Height int // in pixels
	// Stride is how many bytes a line of the first plane takes, SizeImage how many a picture takes at most.
	Stride, SizeImage int
	// FullRange says that raw samples go from 0 to 255, and not luma from 16 to 235 and chroma to 240.
	FullRange bool
	// FPS is pictures a second; zero is the camera's own rate as a wish, not known as an answer.
	FPS float64
}

// Frame is one picture.
type Frame struct {
	// Data is the picture as the camera sent it: as many bytes as the driver said were used.
	Data []byte
	// Sequence counts the pictures the camera took since [Device.Start]; a gap is one that did not arrive.
	Sequence uint32
	// Time is when the picture was taken; zero where the driver's clock is not the monotonic one.
	Time time.Time
	// Damaged is the driver's word that data is missing or wrong.
	Damaged bool
}
