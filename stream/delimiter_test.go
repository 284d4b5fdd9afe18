package stream_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// A picture that holds the delimiter is shown to nobody, and the camera's state says why.
func TestDelimiterInAPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jpeg := streamtest.Picture(1)
		hostile := slices.Concat(jpeg[:2], []byte("\xff\xfe\x00\x0b--frame\r\n"), jpeg[2:])
		camera := &streamtest.Camera{Interval: time.Second, JPEG: func(int, time.Time) []byte { return hostile }}
		s := open(t, camera, stream.Options{})
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		none(t, v, 11*time.Second)
		stats := s.Stats()
		if stats.Damaged < 9 || stats.State != stream.Down || !strings.Contains(stats.Error, "the picture holds the delimiter") {
			t.Errorf("%d damaged, %s: %q", stats.Damaged, stats.State, stats.Error)
		}
	})
}
