package source

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// isWebcam reports whether a SOURCE string is a webcam's number or node, which have no scheme.
func isWebcam(text string) bool {
	address, _, _ := strings.Cut(text, "#")
	_, err := strconv.ParseUint(address, 10, 16)
	return err == nil || strings.HasPrefix(address, "/dev/")
}

func parseWebcam(address string, c *Camera, o *options, _ Defaults) error {
	if _, rest, ok := strings.Cut(address, ":"); ok && !isWebcam(address) {
		var err error
		if address, err = url.PathUnescape(strings.TrimPrefix(rest, "//")); err != nil {
			return errors.New("the address is badly percent-encoded; a percent sign itself is %25")
		}
	}
	_, notNumber := strconv.ParseUint(address, 10, 16)
	if kind, name, _ := strings.Cut(address, "/"); notNumber != nil && (name == "" || kind != "" && kind != "by-id" && kind != "name") {
		return errors.New("a webcam is webcam://0, webcam:///dev/video0, webcam://by-id/NAME or webcam://name/NAME: `mjpegazer webcams` lists those there are")
	}
	w := &Webcam{Address: address}
	parseWishes(o, &w.Width, &w.Height, &w.FPS, &w.Quality)
	o.each("format", "one of "+formatNames(), func(value string) error {
		w.Format = value
		for rank := range webcamFormats {
			if isFormat(value, rank) {
				return nil
			}
		}
		return strconv.ErrSyntax
	})
	w.Controls = o.rest()
	c.Source = w
	if o.err != nil || len(w.Controls) == 0 {
		return nil
	}
	return w.Check()
}

func parseMediaDevice(address string, c *Camera, o *options, _ Defaults) error {
	_, label, _ := strings.Cut(address, ":")
	label, err := url.PathUnescape(label)
	if err != nil || label == "" {
		return errors.New("a driver of mediadevices is mediadevices:LABEL, percent-encoded where need be")
	}
	m := &MediaDevice{Label: label}
	parseWishes(o, &m.Width, &m.Height, &m.FPS, &m.Quality)
	c.Source = m
	return nil
}

// parseWishes reads what every camera whose pictures are made here may be asked for.
func parseWishes(o *options, width, height *int, fps *float64, quality *int) {
	const maxSide = 1<<16 - 1
	o.number("width", 1, maxSide, width)
	o.number("height", 1, maxSide, height)
	o.number("quality", 1, 100, quality)
	o.rate("fps", fps)
}
