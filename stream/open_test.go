package stream_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"mjpegazer/stream"
)

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
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
