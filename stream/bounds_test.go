package stream_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// emitting is a camera that emits these pictures, and then waits.
func emitting(pictures ...stream.Picture) stream.SourceFunc {
	return func(ctx context.Context, emit func(stream.Picture)) error {
		for _, p := range pictures {
			emit(p)
		}
		<-ctx.Done()
		return ctx.Err()
	}
}

// A camera's clock may be wrong, and a hostile one may say what cannot be written down, such as a year beyond 9999.
func TestTimesADayFromNowAreNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for _, test := range []struct {
			said time.Time
			want time.Duration // from now
		}{
			{time.Time{}, 0},
			{now.Add(-time.Hour), -time.Hour},
			{now.Add(23 * time.Hour), 23 * time.Hour},
			{now.Add(24 * time.Hour), 0},
			{now.Add(-24 * time.Hour), 0},
			{time.Unix(math.MaxInt32*1000, 0), 0},
			{time.Unix(math.MaxInt64, 0), 0},
			{time.Unix(math.MinInt64, 0), 0},
		} {
			s := stream.New(emitting(stream.Picture{JPEG: streamtest.Picture(1), Time: test.said}), stream.Options{})
			v := s.View(stream.ViewerOptions{})
			frame, err := v.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := frame.Time.Sub(now); got != test.want {
				t.Errorf("said %v, is %v from now, want %v", test.said, got, test.want)
			}
			if _, err := s.Stats().LastPicture.MarshalJSON(); err != nil {
				t.Error(err)
			}
			v.Close()
			s.Close()
		}
	})
}

func TestTooManyPixels(t *testing.T) {
	huge := streamtest.Picture(1)
	at := strings.Index(string(huge), "\xff\xc0\x00\x0b\x08") + 5
	copy(huge[at:], []byte{0x7F, 0xFF, 0x7F, 0xFF}) // 32767 by 32767, of an int of 32 bits as well
	synctest.Test(t, func(t *testing.T) {
		for limit, frames := range map[int]uint64{0: 1, 32 * 24: 1, 32*24 - 1: 0, math.MaxInt: 2} {
			s := stream.New(emitting(stream.Picture{JPEG: huge}, stream.Picture{JPEG: streamtest.Picture(2)}), stream.Options{MaxPixels: limit})
			v := s.View(stream.ViewerOptions{})
			synctest.Wait()
			stats := s.Stats()
			if stats.Frames != frames || stats.Damaged != 2-frames {
				t.Errorf("limit %d: %d frames, %d damaged", limit, stats.Frames, stats.Damaged)
			}
			if stats.Damaged > 0 && !strings.Contains(stats.DamageReason, "max-pixels") {
				t.Errorf("limit %d: the reason is %q", limit, stats.DamageReason)
			}
			v.Close()
			s.Close()
		}
	})
}

// A camera whose pictures are all dropped says why, and not only that nothing came.
func TestReasonOfAStallWithoutGoodPictures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stream.New(emitting(stream.Picture{JPEG: streamtest.Picture(1)}), stream.Options{MaxFrame: 10, Stall: 5 * time.Second})
		defer s.Close()
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if stats := s.Stats(); stats.State != stream.Down || !strings.HasPrefix(stats.Error, "no picture for 5s: a picture of ") {
			t.Errorf("%s: %s", stats.State, stats.Error)
		}
	})
}

// Tiny pictures at any speed must not take a processor; what comes in a burst is welcome.
func TestAtMostAThousandPicturesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := stream.Picture{JPEG: streamtest.Picture(1)}
		flood := func(ctx context.Context, emit func(stream.Picture)) error {
			for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
				for range 50 { // 5,000 a second
					emit(one)
				}
			}
			<-ctx.Done()
			return ctx.Err()
		}
		s := stream.New(stream.SourceFunc(flood), stream.Options{})
		defer s.Close()
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		time.Sleep(9995 * time.Millisecond)
		stats := s.Stats()
		if n := stats.Frames; n < 9_900 || n > 10_100 || n+stats.Damaged != 50_000 {
			t.Errorf("%d pictures passed and %d were dropped in 10 s", n, stats.Damaged)
		}
		if !strings.Contains(stats.DamageReason, "1000 pictures a second") {
			t.Errorf("the reason is %q", stats.DamageReason)
		}
		burst := stream.New(emitting(one, one, one, one, one, one, one, one, one, one, one, one, one, one, one, one, one, one, one, one, one, one, one, one, one), stream.Options{})
		defer burst.Close()
		w := burst.View(stream.ViewerOptions{})
		defer w.Close()
		synctest.Wait()
		if n := burst.Stats().Frames; n != 25 {
			t.Errorf("%d of 25 pictures of a burst", n)
		}
	})
}
