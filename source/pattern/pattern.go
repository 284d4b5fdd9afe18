// Package pattern draws a moving test card, for want of a camera.
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

// A Camera needs no hardware: it draws a test card that moves and shows the time
// of day, to the millisecond, and the number of the picture. The zero value works.
type Camera struct {
	// Width and Height are in pixels, 16 to 8192; 0 means 1280 and 720.
	Width, Height int
	// FPS is how many pictures are made in a second, 1 to 120; 0 means 25.
	FPS float64
	// Quality is that of [jpeg.Encoder], 1 to 100; 0 means 80.
	Quality int
}

// Check tells what is wrong with the fields.
func (c Camera) Check() error {
	_, err := c.filled()
	return err
}

// filled returns c with what it means by 0.
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

// Run draws and emits pictures until ctx is done. They keep to the schedule that
// begins with the first: one that is late does not delay those behind it, and
// when the next is due already it is left out, which the picture's number shows.
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
		if ctx.Err() != nil { // of two that are ready select takes either
			return ctx.Err()
		}
		now := time.Now()
		if picture, err = encoder.AppendImage(picture[:0], card.draw(now, number)); err != nil {
			return fmt.Errorf("draw the test card: %w", err)
		}
		emit(stream.Picture{JPEG: picture, Time: now, Facts: facts})
		facts = nil

		due := int(time.Since(began).Seconds() * c.FPS)
		number = max(number+1, due)
		wait.Reset(time.Until(began.Add(time.Duration(float64(number) * float64(time.Second) / c.FPS))))
	}
}
