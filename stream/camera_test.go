package stream_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	stdjpeg "image/jpeg"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mjpegazer/stream"
)

// picture makes a JPEG of its own for each n.
func picture(n int) []byte {
	m := image.NewGray(image.Rect(0, 0, 32, 24))
	for i := range m.Pix {
		m.Pix[i] = byte(i * (n + 1))
	}
	var b bytes.Buffer
	if err := stdjpeg.Encode(&b, m, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// every is a camera with a picture each interval, the first at once. It counts its runs.
type every struct {
	interval time.Duration
	runs     atomic.Int32
	open     atomic.Int32
}

func (c *every) Run(ctx context.Context, emit func(stream.Picture)) error {
	c.runs.Add(1)
	if c.open.Add(1) > 1 {
		panic("two runs at once")
	}
	defer c.open.Add(-1)
	for n := 0; ; n++ {
		emit(stream.Picture{JPEG: picture(n)})
		if err := sleep(ctx, c.interval); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// tries is a camera that fails at once, and notes when it was asked.
type tries struct {
	mu  sync.Mutex
	at  []time.Time
	err error
}

func (c *tries) Run(context.Context, func(stream.Picture)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = append(c.at, time.Now())
	return c.err
}

func (c *tries) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.at)
}

func open(t *testing.T, source stream.Source, options stream.Options) *stream.Stream {
	t.Helper()
	s := stream.New(source, options)
	t.Cleanup(func() { s.Close() })
	return s
}

// next is a frame that must come within d.
func next(t *testing.T, v *stream.Viewer, d time.Duration) *stream.Frame {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	f, err := v.Next(ctx)
	if err != nil {
		t.Fatalf("no frame within %v: %v", d, err)
	}
	return f
}

// none checks that no frame comes within d.
func none(t *testing.T, v *stream.Viewer, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if f, err := v.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a frame: %v, error %v; want neither for %v", f != nil, err, d)
	}
}

func wantState(t *testing.T, s *stream.Stream, want stream.State) stream.Stats {
	t.Helper()
	stats := s.Stats()
	if stats.State != want {
		t.Fatalf("state is %s (%s), want %s", stats.State, stats.Error, want)
	}
	return stats
}
