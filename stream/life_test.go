package stream_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

func TestOnDemandAndLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := &streamtest.Camera{Interval: 40 * time.Millisecond}
		s := open(t, camera, stream.Options{Linger: 10 * time.Second})
		time.Sleep(time.Hour)
		if wantState(t, s, stream.Idle); len(camera.Starts()) != 0 {
			t.Fatal("the camera was read while nobody looked")
		}
		v := s.View(stream.ViewerOptions{})
		next(t, v, time.Millisecond)
		wantState(t, s, stream.Live)
		v.Close()
		time.Sleep(10*time.Second - time.Millisecond)
		wantState(t, s, stream.Live)
		time.Sleep(2 * time.Millisecond)
		wantState(t, s, stream.Idle)
		if running, _ := camera.Running(); running != 0 {
			t.Fatal("the camera is still read after the linger")
		}
	})
}

func TestViewerDuringLingerKeepsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := &streamtest.Camera{Interval: 40 * time.Millisecond}
		s := open(t, camera, stream.Options{Linger: stream.DefaultLinger})
		for range 5 {
			v := s.View(stream.ViewerOptions{})
			next(t, v, time.Millisecond) // the newest at once
			v.Close()
			v.Close()
			time.Sleep(9 * time.Second)
		}
		if n := len(camera.Starts()); n != 1 {
			t.Fatalf("%d runs, want 1", n)
		}
	})
}

func TestKeepRunsWithoutViewers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := &streamtest.Camera{Interval: 40 * time.Millisecond}
		s := open(t, camera, stream.Options{Keep: true})
		time.Sleep(5 * time.Minute)
		if stats := wantState(t, s, stream.Live); stats.Frames < 7500 {
			t.Fatalf("%d frames", stats.Frames)
		}
	})
}

// A camera for one client at a time must not see a second connection while the first is closing.
func TestOneRunAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs, open1 := 0, false
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			if open1 {
				t.Error("two runs at once")
			}
			open1 = true
			runs++
			emit(stream.Picture{JPEG: streamtest.Picture(runs)})
			<-ctx.Done()
			time.Sleep(time.Second) // it closes slowly
			open1 = false
			return nil
		}), stream.Options{})
		for range 1000 {
			v := s.View(stream.ViewerOptions{})
			next(t, v, 2*time.Second)
			v.Close()
			time.Sleep(500 * time.Millisecond)
		}
		if runs != 1000 {
			t.Fatalf("%d runs, want 1000", runs)
		}
	})
}

func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := 0
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			run++
			if run > 1 {
				emit(stream.Picture{JPEG: streamtest.Picture(1)})
				sleep(ctx, 9*time.Second)
				emit(stream.Picture{}) // it lives
				sleep(ctx, time.Second)
				emit(stream.Picture{Damaged: 1}) // that proves nothing
				emit(stream.Picture{JPEG: []byte("rubbish")})
			}
			<-ctx.Done()
			emit(stream.Picture{JPEG: streamtest.Picture(2)}) // too late
			return ctx.Err()
		}), stream.Options{})
		v := s.View(stream.ViewerOptions{})
		none(t, v, 10*time.Second-1)
		wantState(t, s, stream.Connecting)
		time.Sleep(1 * time.Nanosecond)
		synctest.Wait()
		if stats := wantState(t, s, stream.Down); stats.Error != "no picture for 10s" || stats.Failures != 1 {
			t.Fatalf("%+v", stats)
		}
		next(t, v, 250*time.Millisecond)
		none(t, v, 19*time.Second-1)
		if stats := wantState(t, s, stream.Live); stats.Damaged != 2 {
			t.Fatalf("%d damaged, want 2", stats.Damaged)
		}
		time.Sleep(1 * time.Nanosecond)
		synctest.Wait()
		wantState(t, s, stream.Down)
		if late := s.View(stream.ViewerOptions{}); late != nil {
			none(t, late, 0) // the old picture is forgotten
			late.Close()
		}
		v.Close()
	})
}

func TestEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			emit(stream.Picture{JPEG: streamtest.Picture(1)})
			time.Sleep(time.Second)
			emit(stream.Picture{JPEG: streamtest.Picture(2)})
			return stream.ErrEnded
		}), stream.Options{})
		for range 2 {
			n := 0
			for range s.Frames(t.Context()) {
				n++
			}
			if n != 2 {
				t.Fatalf("%d frames of 2", n)
			}
			synctest.Wait() // a viewer that comes while the run ends still sees its end
			if stats := wantState(t, s, stream.Ended); stats.Failures != 0 {
				t.Fatal("an end counts as a failure")
			}
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		s := stream.New(stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			emit(stream.Picture{JPEG: streamtest.Picture(1)})
			<-stuck
			return nil
		}), stream.Options{})
		v := s.View(stream.ViewerOptions{})
		next(t, v, 1)
		start := time.Now()
		err := s.Close()
		if d := time.Since(start); err == nil || d != 2*time.Second {
			t.Fatalf("closing a stuck camera took %v: %v", d, err)
		}
		synctest.Wait()
		if stats := wantState(t, s, stream.Down); stats.Error != err.Error() {
			t.Fatalf("%q, want %q", stats.Error, err)
		}
		for _, v := range []*stream.Viewer{v, s.View(stream.ViewerOptions{})} {
			if _, err := v.Next(t.Context()); !errors.Is(err, stream.ErrClosed) {
				t.Fatalf("Next of a closed stream: %v", err)
			}
			v.Close()
		}
		close(stuck)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPanicIsContained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := 0
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			if run++; run == 1 {
				panic("secret bytes")
			}
			emit(stream.Picture{JPEG: streamtest.Picture(1)})
			<-ctx.Done()
			return nil
		}), stream.Options{})
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		next(t, v, 250*time.Millisecond)
		if e := s.Stats().Error; e == "" || strings.Contains(e, "secret") {
			t.Fatalf("error shown: %q", e)
		}
	})
}
