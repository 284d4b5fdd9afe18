package stream_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
	"mjpegazer/stream/streamtest"
)

// A source learns what programs its pictures go to, now, and a frame tells by what programs it came.
func TestVia(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []mjpeg.Via
		s := stream.New(stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			for ctx.Err() == nil {
				seen = append(seen, stream.FromContext(ctx).Via())
				emit(stream.Picture{JPEG: streamtest.Picture(1), Via: mjpeg.Via{"c", "d"}})
				time.Sleep(time.Second)
			}
			return ctx.Err()
		}), stream.Options{})
		defer s.Close()
		to := func(via ...string) *stream.Viewer {
			return s.View(stream.ViewerOptions{Via: func() mjpeg.Via { return via }})
		}
		a, person := to("a", "x"), s.View(stream.ViewerOptions{})
		f, err := person.Next(t.Context())
		if err != nil || f.Via.String() != "c, d" {
			t.Errorf("%v, %v", err, f.Via)
		}
		time.Sleep(1500 * time.Millisecond)
		b := to("b", "x")
		time.Sleep(time.Second)
		a.Close()
		time.Sleep(time.Second)
		b.Close()
		person.Close()
		var got []string
		for _, via := range seen {
			got = append(got, via.String())
		}
		if want := []string{"a, x", "a, x", "a, x, b", "b, x"}; !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
	if via := stream.FromContext(t.Context()).Via(); via != nil {
		t.Error(via)
	}
}
