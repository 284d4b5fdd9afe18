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

var errRefused = errors.New("connection refused")

func TestPausesGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := &streamtest.Camera{Err: errRefused}
		s := open(t, camera, stream.Options{})
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		none(t, v, time.Hour)
		nominal := 250 * time.Millisecond
		starts := camera.Starts()
		for i := 1; i < len(starts); i++ {
			if d := starts[i].Sub(starts[i-1]); d > nominal || d < nominal*8/10 {
				t.Fatalf("pause %d is %v, want 80 to 100 %% of %v", i, d, nominal)
			}
			nominal = min(2*nominal, 10*time.Second)
		}
		if n := len(starts); n > 450 || n < 360 {
			t.Fatalf("%d tries in an hour", n)
		}
		if stats := wantState(t, s, stream.Down); stats.Failures != len(camera.Starts()) || stats.Retry > 10*time.Second {
			t.Fatalf("%+v", stats)
		}
	})
}

// A camera that refuses the connection is asked each 2 s while viewers wait, and as seldom as any other when none do.
func TestRetrySoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := &streamtest.Camera{Err: stream.RetrySoon(errRefused)}
		s := open(t, camera, stream.Options{Keep: true})
		v := s.View(stream.ViewerOptions{})
		none(t, v, time.Hour)
		waited := camera.Starts()
		if n := len(waited); n < 1800 || n > 2250 {
			t.Errorf("%d tries in an hour with a viewer", n)
		}
		for i := 1; i < len(waited); i++ {
			if d := waited[i].Sub(waited[i-1]); d > 2*time.Second {
				t.Fatalf("pause %d is %v", i, d)
			}
		}
		v.Close()
		time.Sleep(time.Hour)
		if n := len(camera.Starts()) - len(waited); n < 360 || n > 460 {
			t.Errorf("%d tries in an hour without a viewer", n)
		}
		if s.Stats().Error != errRefused.Error() {
			t.Errorf("the reason is %q", s.Stats().Error)
		}
	})
}

func TestPictureResetsPauseAndFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ends []time.Time
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			if n := len(ends); n > 0 && time.Since(ends[n-1]) > 250*time.Millisecond {
				t.Errorf("pause of %v after a picture", time.Since(ends[n-1]))
			}
			emit(stream.Picture{JPEG: streamtest.Picture(1)})
			sleep(ctx, time.Second)
			ends = append(ends, time.Now())
			return nil
		}), stream.Options{})
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		for range 100 {
			next(t, v, 1250*time.Millisecond)
			if f := s.Stats().Failures; f != 0 {
				t.Fatalf("%d failures after a picture", f)
			}
		}
	})
}

func TestNewViewersHurryOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := &streamtest.Camera{Err: errRefused}
		s := open(t, camera, stream.Options{})
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		none(t, v, time.Minute)
		before := len(camera.Starts())
		for range 1000 {
			s.View(stream.ViewerOptions{}).Close()
			time.Sleep(10 * time.Millisecond)
		}
		if n := len(camera.Starts()) - before; n < 9 || n > 11 {
			t.Fatalf("%d tries in 10 s in which viewers came all the time, want about 10", n)
		}
	})
}

func TestRetryAfterIsFirm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := &streamtest.Camera{Err: stream.RetryAfter(errRefused, 30*time.Second)}
		s := open(t, camera, stream.Options{Linger: time.Second})
		for range 3000 { // also across idle times
			v := s.View(stream.ViewerOptions{})
			none(t, v, 10*time.Millisecond)
			if stats := wantState(t, s, stream.Down); stats.Error != errRefused.Error() || stats.Retry == 0 {
				t.Fatalf("%+v", stats)
			}
			v.Close()
			time.Sleep(2 * time.Second)
		}
		starts := camera.Starts()
		for i := 1; i < len(starts); i++ {
			if d := starts[i].Sub(starts[i-1]); d < 30*time.Second {
				t.Fatalf("asked again after %v", d)
			}
		}
		if len(camera.Starts()) < 180 {
			t.Fatalf("%d tries in 6000 s", len(camera.Starts()))
		}
	})
}

func TestIdleForgetsFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &streamtest.Camera{Err: errRefused}, stream.Options{})
		v := s.View(stream.ViewerOptions{})
		none(t, v, time.Minute)
		if s.Stats().Failures < 3 {
			t.Fatal("failures are not counted")
		}
		v.Close()
		time.Sleep(10*time.Second + 1)
		if stats := wantState(t, s, stream.Idle); stats.Failures != 0 {
			t.Fatalf("%d failures of an idle camera", stats.Failures)
		}
	})
}

func TestBackAfterAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			if time.Since(start) < time.Hour {
				return errRefused
			}
			emit(stream.Picture{JPEG: streamtest.Picture(1)})
			<-ctx.Done()
			return nil
		}), stream.Options{})
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		none(t, v, time.Hour)
		next(t, v, 11*time.Second)
	})
}
