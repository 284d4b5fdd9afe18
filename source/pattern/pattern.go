// Package pattern is a camera without hardware: it draws a test card, for trying out streams, players and networks.
//
//	s := stream.New(pattern.Camera{Width: 640, Height: 480}, stream.Options{})
//
// The card shows the time of day to the millisecond and the number of the picture, so that delay and lost pictures can be
// read off a screen, and a hand that moves around in four seconds. Bars, shades and lines show what is wrong with the colours
// and the sharpness. Drawing and compressing 1280 by 720 at 25 pictures a second takes a fraction of one core.
package pattern

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/jpeg"
)

// A Camera draws the test card. The zero value works.
type Camera struct {
	// Width and Height are in pixels, 16 to 8192; 0 means 1280 and 720.
	Width, Height int
	// FPS is in pictures a second, 1 to 120; 0 means 25.
	FPS float64
	// Quality is that of [jpeg.Encoder], 1 to 100; 0 means 80.
	Quality int
}

// Check returns what is wrong with the fields, or nil.
func (c Camera) Check() error {
	_, err := c.filled()
	return err
}

// filled returns c with the defaults in place of zeros.
func (c Camera) filled() (Camera, error) {
	c.Width, c.Height = cmp.Or(c.Width, 1280), cmp.Or(c.Height, 720)
	c.FPS, c.Quality = cmp.Or(c.FPS, 25), cmp.Or(c.Quality, 80)
	switch {
	case min(c.Width, c.Height) < 16 || max(c.Width, c.Height) > 8192:
		return c, fmt.Errorf("a test card cannot be %dx%d: choose a width and a height of 16 to 8192", c.Width, c.Height)
	case !(c.FPS >= 1 && c.FPS <= 120):
		return c, fmt.Errorf("a test card cannot have fps=%v: choose 1 to 120", c.FPS)
	case c.Quality < 1 || c.Quality > 100:
		return c, fmt.Errorf("a test card cannot have quality=%d: choose 1 to 100", c.Quality)
	}
	return c, nil
}

// Run implements [stream.Source]. It fails at once where [Camera.Check] does, and else draws until ctx is done. The pictures
// keep to the schedule that begins with the first: a late one does not delay the next, and one that would come after the
// next is due is left out, which the number shows.
func (c Camera) Run(ctx context.Context, emit func(stream.Picture)) error {
	c, err := c.filled()
	if err != nil {
		return err
	}
	rate := strconv.FormatFloat(c.FPS, 'g', 5, 64) + " fps"
	size := fmt.Sprintf("%dx%d", c.Width, c.Height)
	card := newCard(c.Width, c.Height, [4]string{size, rate, time.Now().Format("MST"), fmt.Sprint("JPEG ", c.Quality)})
	encoder := jpeg.Encoder{Quality: c.Quality}
	facts := map[string]string{"kind": "test card", "rate": rate, "quality": strconv.Itoa(c.Quality)}
	var picture []byte
	began := time.Now()
	wait := time.NewTimer(0)
	defer wait.Stop()
	for number := 0; ; {
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		if ctx.Err() != nil { // select may choose either case where both are ready
			return ctx.Err()
		}
		now := time.Now()
		if picture, err = encoder.AppendImage(picture[:0], card.draw(now, number)); err != nil {
			return fmt.Errorf("draw the test card: %w", err)
		}
		emit(stream.Picture{JPEG: picture, Time: now, Encoding: time.Since(now), Facts: facts})
		facts = nil

		due := int(time.Since(began).Seconds() * c.FPS)
		number = max(number+1, due)
		wait.Reset(time.Until(began.Add(time.Duration(float64(number) * float64(time.Second) / c.FPS))))
	}
}
