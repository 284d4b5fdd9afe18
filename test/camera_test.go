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

// newCamera starts a camera that takes a picture each interval, until the test ends.
func newCamera(tb testing.TB, interval time.Duration, take func(n int, at time.Time) []byte) camera {
	tb.Helper()
	c := &streamtest.Camera{Interval: interval, Take: take}
	server := streamtest.NewServer(c)
	tb.Cleanup(server.Stop)
	return camera{server, c}
}
