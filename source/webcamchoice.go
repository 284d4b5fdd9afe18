package source

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pion/mediadevices/pkg/prop"

	"mjpegazer/source/v4l2"
)

// The size where none is wished: what OpenCV asks for, and every webcam has.
const (
	defaultWidth  = 640
	defaultHeight = 480
)

// formatAliases are what else people call formats.
var formatAliases = map[string]string{"gray": "GREY", "y8": "GREY", "yuy2": "YUYV", "yuv420": "I420"}

// isFormat reports whether the wish names the format at a place of webcamFormats.
func isFormat(wish string, rank int) bool {
	wish = cmp.Or(formatAliases[strings.ToLower(wish)], wish)
	return rank >= 0 && (strings.EqualFold(wish, webcamFormats[rank].fourCC) || strings.EqualFold(wish, string(webcamFormats[rank].name)))
}

// Shows reports whether pictures in a webcam's format can be shown.
func Shows(format v4l2.FourCC) bool { return formatRank(format) >= 0 }

// formatNames lists what can be wished for.
func formatNames() string {
	var names []string
	for _, f := range webcamFormats {
		if name := strings.ToLower(string(f.name)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// candidate is something the camera can send, and how far it is from the wishes.
type candidate struct {
	media             prop.Media
	otherFormat, rank int
	size              int
	rate              float64
}

// choose takes what comes nearest to the wishes: the format, then the size, then, of what is left, the best format at the
// nearest rate. Where no size is wished the best format comes first.
func (w *Webcam) choose(formats []v4l2.Format) (prop.Media, error) {
	var all []candidate
	for _, f := range formats {
		rank := formatRank(f.FourCC)
		if rank < 0 {
			continue
		}
		sizes := f.Sizes
		if len(sizes) == 0 { // the driver does not tell, and will take what is nearest
			sizes = []v4l2.Size{{Width: 1, Height: 1, MaxWidth: 1 << 14, MaxHeight: 1 << 14}}
		}
		for _, size := range sizes {
			all = append(all, w.candidate(rank, size))
		}
	}
	if len(all) == 0 {
		return prop.Media{}, noFormat(formats)
	}
	return slices.MinFunc(all, func(a, b candidate) int {
		size, rank := cmp.Compare(a.size, b.size), cmp.Compare(a.rank, b.rank)
		if w.Width == 0 && w.Height == 0 {
			size, rank = rank, size
		}
		return cmp.Or(cmp.Compare(a.otherFormat, b.otherFormat), size, rank, cmp.Compare(a.rate, b.rate))
	}).media, nil
}

func (w *Webcam) candidate(rank int, size v4l2.Size) candidate {
	width, height := w.Width, w.Height
	switch {
	case width == 0 && height == 0:
		width, height = defaultWidth, defaultHeight
	case size.MaxWidth == 0: // a side that is not wished for is as the camera has it
	case width == 0:
		width = height * 4 / 3
	case height == 0:
		height = width * 3 / 4
	}
	c := candidate{rank: rank}
	c.media.FrameFormat = webcamFormats[rank].name
	c.media.Width, c.media.Height = size.Nearest(width, height)
	c.size = distance(width, height, c.media.Width, c.media.Height)
	if w.Format != "" && !isFormat(w.Format, rank) {
		c.otherFormat = 1
	}
	if w.FPS != 0 {
		fps := nearestRate(size, w.FPS)
		c.media.FrameRate, c.rate = float32(fps), rateDistance(w.FPS, fps)
	}
	return c
}

// nearestRate is the camera's rate that is nearest to the one wished.
func nearestRate(size v4l2.Size, wish float64) float64 {
	switch {
	case len(size.Rates) == 0:
		return wish
	case size.RateRange:
		return max(slices.Min(size.Rates), min(wish, slices.Max(size.Rates)))
	}
	return slices.MinFunc(size.Rates, func(a, b float64) int {
		return cmp.Compare(rateDistance(wish, a), rateDistance(wish, b))
	})
}

// noFormat says what a camera sends that cannot be shown.
func noFormat(formats []v4l2.Format) error {
	if len(formats) == 0 {
		return errors.New("the camera has no format to offer")
	}
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.FourCC.String()
	}
	return fmt.Errorf("the camera sends only %s; what can be shown is %s", strings.Join(names, ", "), formatNames())
}
