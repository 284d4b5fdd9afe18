package webcam

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pion/mediadevices/pkg/prop"

	"mjpegazer/source/v4l2"
)

// The preferred size where none is given: what OpenCV asks for, and every webcam has.
const (
	defaultWidth  = 640
	defaultHeight = 480
)

// formatAliases are other names that are in use for formats.
var formatAliases = map[string]string{"gray": "GREY", "y8": "GREY", "yuy2": "YUYV", "yuv420": "I420"}

// isFormat reports whether a name is that of the format at an index of formats.
func isFormat(name string, rank int) bool {
	name = cmp.Or(formatAliases[strings.ToLower(name)], name)
	return rank >= 0 && (strings.EqualFold(name, formats[rank].fourCC) || strings.EqualFold(name, string(formats[rank].name)))
}

// IsFormat reports whether name is a format for [Camera]: one of [Formats], another name in use for it, such as yuy2, or
// its four characters in Video4Linux. The case of letters does not matter.
func IsFormat(name string) bool {
	for rank := range formats {
		if isFormat(name, rank) {
			return true
		}
	}
	return false
}

// Formats lists the pixel formats that a [Camera] can be asked for, the preferred first.
func Formats() []string {
	var names []string
	for _, f := range formats {
		if name := strings.ToLower(string(f.name)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// A candidate is something the camera can send, and how far it is from the preferences.
type candidate struct {
	media             prop.Media
	otherFormat, rank int
	size              int
	rate              float64
}

// choose returns what comes nearest to the preferences: first the format, then the size, then the best format at the nearest
// rate. Without a preferred size, the best format comes before the size.
func (c *Camera) choose(formats []v4l2.Format) (prop.Media, error) {
	var all []candidate
	for _, f := range formats {
		rank := formatRank(f.FourCC)
		if rank < 0 {
			continue
		}
		sizes := f.Sizes
		if len(sizes) == 0 { // the driver does not say, and will choose the nearest
			sizes = []v4l2.Size{{Width: 1, Height: 1, MaxWidth: 1 << 14, MaxHeight: 1 << 14}}
		}
		for _, size := range sizes {
			all = append(all, c.candidate(rank, size))
		}
	}
	if len(all) == 0 {
		return prop.Media{}, noFormat(formats)
	}
	return slices.MinFunc(all, func(a, b candidate) int {
		size, rank := cmp.Compare(a.size, b.size), cmp.Compare(a.rank, b.rank)
		if c.Width == 0 && c.Height == 0 {
			size, rank = rank, size
		}
		return cmp.Or(cmp.Compare(a.otherFormat, b.otherFormat), size, rank, cmp.Compare(a.rate, b.rate))
	}).media, nil
}

func (c *Camera) candidate(rank int, size v4l2.Size) candidate {
	width, height := c.Width, c.Height
	switch {
	case width == 0 && height == 0:
		width, height = defaultWidth, defaultHeight
	case size.MaxWidth == 0: // a side without a preference is as the camera has it
	case width == 0:
		width = height * 4 / 3
	case height == 0:
		height = width * 3 / 4
	}
	one := candidate{rank: rank}
	one.media.FrameFormat = formats[rank].name
	one.media.Width, one.media.Height = size.Nearest(width, height)
	one.size = distance(width, height, one.media.Width, one.media.Height)
	if c.Format != "" && !isFormat(c.Format, rank) {
		one.otherFormat = 1
	}
	if c.FPS != 0 {
		fps := nearestRate(size, c.FPS)
		one.media.FrameRate, one.rate = float32(fps), rateDistance(c.FPS, fps)
	}
	return one
}

// nearestRate returns the rate of the camera that is nearest to the preferred one.
func nearestRate(size v4l2.Size, preferred float64) float64 {
	switch {
	case len(size.Rates) == 0:
		return preferred
	case size.RateRange:
		return max(slices.Min(size.Rates), min(preferred, slices.Max(size.Rates)))
	}
	return slices.MinFunc(size.Rates, func(a, b float64) int {
		return cmp.Compare(rateDistance(preferred, a), rateDistance(preferred, b))
	})
}

// noFormat is the error of a camera that sends nothing that can be shown.
func noFormat(formats []v4l2.Format) error {
	if len(formats) == 0 {
		return errors.New("the camera offers no picture format")
	}
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.FourCC.String()
	}
	return fmt.Errorf("the camera sends %s, which cannot be shown; these can: %s", strings.Join(names, ", "), strings.Join(Formats(), ", "))
}
