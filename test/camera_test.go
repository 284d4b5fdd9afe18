package test

import (
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// A camera is a fake one on loopback. Pictures are numbered through all connections.
type camera struct {
	*streamtest.Server
	*streamtest.Camera
}

// newCamera starts a camera that sends a picture each interval, until the test ends.
func newCamera(tb testing.TB, interval time.Duration, picture func(n int, at time.Time) []byte) camera {
	tb.Helper()
	c := &streamtest.Camera{Interval: interval, JPEG: picture}
	server := streamtest.NewServer(c)
	tb.Cleanup(server.Stop)
	return camera{server, c}
}

// newCameraOnDemand has the camera take its first picture, and each other one when take is called, however busy the machine.
func newCameraOnDemand(tb testing.TB, pictures streamtest.Pictures) (c camera, take func()) {
	tb.Helper()
	wanted := make(chan struct{}, 1)
	wanted <- struct{}{}
	c = newCamera(tb, time.Millisecond, func(n int, at time.Time) []byte {
		select {
		case <-wanted:
		case <-tb.Context().Done():
		}
		return pictures.JPEG(n, at)
	})
	return c, func() { wanted <- struct{}{} }
}

// smallPictures are those of a camera whose bytes do not matter.
var smallPictures = streamtest.OfSize(4_000)

func newSmallCamera(tb testing.TB) camera {
	return newCamera(tb, 40*time.Millisecond, smallPictures.JPEG)
}
