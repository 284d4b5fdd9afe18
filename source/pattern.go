package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/jpeg"
)

// Pattern is a camera that needs none: a test card that moves and shows the time
// of day, to the millisecond, and the number of the picture. The zero value works.
type Pattern struct {
	// Width and Height are in pixels, 16 to 8192; 0 means 1280 and 720.
	Width, Height int
	// FPS is how many pictures are made in a second, 1 to 120; 0 means 25.
	FPS float64
	// Quality is that of [jpeg.Encoder], 1 to 100; 0 means 80.
	Quality int
}

// filled returns p with what it means by 0.
func (p Pattern) filled() (Pattern, error) {
	p.Width, p.Height = cmp.Or(p.Width, 1280), cmp.Or(p.Height, 720)
	p.FPS, p.Quality = cmp.Or(p.FPS, 25), cmp.Or(p.Quality, 80)
	switch {
	case min(p.Width, p.Height) < 16 || max(p.Width, p.Height) > 8192:
		return p, fmt.Errorf("a test card cannot be %dx%d: choose a width and a height of 16 to 8192", p.Width, p.Height)
	case !(p.FPS >= 1 && p.FPS <= 120):
		return p, fmt.Errorf("a test card cannot have fps=%v: choose 1 to 120", p.FPS)
	case p.Quality < 1 || p.Quality > 100:
		return p, fmt.Errorf("a test card cannot have quality=%d: choose 1 to 100", p.Quality)
	}
	return p, nil
}

// Run draws and emits pictures until ctx is done. They keep to the schedule that
// begins with the first: one that is late does not delay those behind it, and
// when the next is due already it is left out, which the picture's number shows.
func (p Pattern) Run(ctx context.Context, emit func(stream.Picture)) error {
	p, err := p.filled()
	if err != nil {
		return err
	}
	rate := strconv.FormatFloat(p.FPS, 'g', 5, 64) + " fps"
	size := fmt.Sprintf("%dx%d", p.Width, p.Height)
	card := newCard(p.Width, p.Height, [4]string{size, rate, time.Now().Format("MST"), fmt.Sprint("JPEG ", p.Quality)})
	encoder := jpeg.Encoder{Quality: p.Quality}
	facts := map[string]string{"kind": "test card", "rate": rate, "quality": strconv.Itoa(p.Quality)}
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

		due := int(time.Since(began).Seconds() * p.FPS)
		number = max(number+1, due)
		wait.Reset(time.Until(began.Add(time.Duration(float64(number) * float64(time.Second) / p.FPS))))
	}
}

func parsePattern(address string, c *Camera, o *options, _ Defaults) error {
	if _, rest, _ := strings.Cut(address, ":"); rest != "" {
		return errors.New("a test card is pattern: and nothing else but options, such as pattern:#width=640&height=480&fps=10")
	}
	p := Pattern{}
	parseWishes(o, &p.Width, &p.Height, &p.FPS, &p.Quality)
	c.Source = p
	_, err := p.filled()
	return err
}
