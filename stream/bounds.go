package stream

import (
	"errors"
	"fmt"
	"time"

	"mjpegazer/stream/jpeg"
)

const (
	maxRate  = 1000           // pictures a second that a camera may send
	maxBurst = 100            // pictures that may come at once
	maxDrift = 24 * time.Hour // how far a picture's time may be from the clock here
)

// bounds are the limits of a camera's pictures. A picture beyond them is dropped, with the reason.
type bounds struct {
	bytes, pixels int
	clear         time.Time // when the burst before no longer counts
}

var errTooMany = errors.New("the camera sends more than 1000 pictures a second")

// rate lets maxRate pictures a second pass, looked at before a picture costs anything.
func (b *bounds) rate(now time.Time) error {
	if b.clear.Before(now) {
		b.clear = now
	}
	if b.clear.Sub(now) >= maxBurst*time.Second/maxRate {
		return errTooMany
	}
	b.clear = b.clear.Add(time.Second / maxRate)
	return nil
}

// size checks what a picture says of itself, and how many bytes it has.
func (b *bounds) size(info jpeg.Info, bytes int) error {
	switch {
	case bytes > b.bytes:
		return fmt.Errorf("a picture of %d bytes is larger than max-frame", bytes)
	case info.Width*info.Height > b.pixels:
		return fmt.Errorf("a picture of %d×%d has more pixels than max-pixels", info.Width, info.Height)
	}
	return nil
}

// captured returns when a picture was taken. A time that is a day or more from now is a mistake of the camera, or worse: some
// cannot be written as JSON.
func captured(t, now time.Time) time.Time {
	if t.IsZero() || t.Sub(now).Abs() >= maxDrift {
		return now
	}
	return t
}
