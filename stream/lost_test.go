package stream_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// A source may go on while its camera is away. Viewers see that as any other failure, and no stall ends the run.
func TestLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		source := stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			runs++
			emit(stream.Picture{JPEG: streamtest.Picture(1)})
			time.Sleep(time.Second)
			emit(stream.Picture{Lost: stream.RetryAfter(errors.New("no power"), 30*time.Second)})
			time.Sleep(time.Minute)
			emit(stream.Picture{JPEG: streamtest.Picture(2)})
			<-ctx.Done()
			return ctx.Err()
		})
		s := stream.New(source, stream.Options{NoStall: true})
		defer s.Close()
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		if _, err := v.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Second)
		stats := s.Stats()
		if stats.State != stream.Down || stats.Error != "no power" || stats.Failures != 1 || stats.Retry != 20*time.Second {
			t.Errorf("ten seconds after it was lost: %+v", stats)
		}
		if _, live := s.Last(); live {
			t.Error("the last picture is shown as a live one")
		}
		if f, err := v.Next(t.Context()); err != nil || f.Seq != 2 {
			t.Errorf("%v, %v instead of the second picture", f, err)
		}
		time.Sleep(time.Hour)
		if stats := s.Stats(); stats.State != stream.Live || stats.Failures != 0 || runs != 1 {
			t.Errorf("an hour later, after %d runs: %+v", runs, stats)
		}
	})
}
