package streamtest

import (
	"context"
	"slices"
	"sync"
	"time"

	"mjpegazer/stream"
)

// A Camera is a fake camera, a [stream.Source]. The zero value sends 25 pictures a second, each unlike the one before, until
// it is told to stop. Its fields must not be changed once it runs.
type Camera struct {
	// Interval is the time between two pictures; the first comes at once. 0 means 40 ms. A camera that was held up does not
	// hurry to catch up.
	Interval time.Duration
	// JPEG makes picture n, counted from 1 through all runs, taken now. Nil means [Picture].
	JPEG func(n int, now time.Time) []byte
	// Limit is how many pictures a run has. What follows, an Interval after the last, says Err. 0 means no limit.
	Limit int
	// Err ends each run, after Limit pictures or, where that is 0, at once, as a camera that cannot be reached. With Err nil
	// a camera at its Limit falls silent.
	Err error

	mu      sync.Mutex
	sent    int
	running int
	most    int
	starts  []time.Time
}

// Run sends pictures to emit until ctx is done, or until Limit and Err end it.
func (c *Camera) Run(ctx context.Context, emit func(stream.Picture)) error {
	c.start()
	defer c.end()
	if c.Err != nil && c.Limit == 0 {
		return c.Err
	}
	clock := pacer{interval: c.Interval}
	if clock.interval == 0 {
		clock.interval = 40 * time.Millisecond
	}
	for n := 0; ; n++ {
		if !clock.wait(ctx) {
			return ctx.Err()
		}
		if c.Limit > 0 && n == c.Limit {
			break
		}
		now := time.Now()
		emit(stream.Picture{JPEG: c.next(now), Time: now})
	}
	if c.Err != nil {
		return c.Err
	}
	<-ctx.Done()
	return ctx.Err()
}

func (c *Camera) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running++
	c.most = max(c.most, c.running)
	c.starts = append(c.starts, time.Now())
}

func (c *Camera) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
}

func (c *Camera) next(now time.Time) []byte {
	c.mu.Lock()
	c.sent++
	n := c.sent
	c.mu.Unlock()
	if c.JPEG != nil {
		return c.JPEG(n, now)
	}
	return Picture(n)
}

// Sent returns how many pictures there have been, in all runs.
func (c *Camera) Sent() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

// Starts returns when each run began: how often the camera was asked for pictures, and when.
func (c *Camera) Starts() []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.starts)
}

// Running returns how many runs there are now, and how many there ever were at one time. One [stream.Stream] has one at most.
func (c *Camera) Running() (now, most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running, c.most
}

// A pacer says when the next picture is due. Two pictures are never much nearer to each other than the interval.
type pacer struct {
	interval time.Duration
	due      time.Time
}

// wait returns when a picture is due, and false once ctx is done.
func (p *pacer) wait(ctx context.Context) bool {
	now := time.Now()
	if p.due = p.due.Add(p.interval); p.due.Before(now.Add(-p.interval / 2)) {
		p.due = now
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(p.due.Sub(now)):
		return ctx.Err() == nil
	}
}
