package stream_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// A viewer stays, and goes on with the new camera as soon as the old one has let go.
func TestSetSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reading atomic.Int32
		slow := stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			reading.Add(1)
			defer reading.Add(-1)
			emit(stream.Picture{JPEG: streamtest.Picture(1), Facts: map[string]string{"old": "yes"}})
			<-ctx.Done()
			time.Sleep(time.Second) // it closes slowly
			emit(stream.Picture{JPEG: streamtest.Picture(2)})
			return ctx.Err()
		})
		s := open(t, slow, stream.Options{})
		v := s.View(stream.ViewerOptions{})
		first := next(t, v, time.Millisecond)
		fresh := stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			if reading.Load() > 0 {
				t.Error("the old camera is still read")
			}
			emit(stream.Picture{JPEG: streamtest.Picture(3)})
			<-ctx.Done()
			return ctx.Err()
		})
		s.SetSource(fresh, stream.Options{})
		none(t, v, time.Second-1)
		if stats := wantState(t, s, stream.Connecting); stats.Facts != nil || stats.Failures != 0 {
			t.Errorf("%+v", stats)
		}
		if f := next(t, v, time.Millisecond); f.Seq != first.Seq+1 || string(f.JPEG()) != string(streamtest.Picture(3)) {
			t.Errorf("picture %d", f.Seq)
		}
		wantState(t, s, stream.Live)
	})
}

// A camera that never lets go does not keep the new one away.
func TestSetSourceOfStuckCamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			emit(stream.Picture{JPEG: streamtest.Picture(1)})
			<-free
			return errors.New("late")
		}), stream.Options{})
		v := s.View(stream.ViewerOptions{})
		next(t, v, time.Millisecond)
		for range 3 { // one after the other, none of which has begun
			s.SetSource(&streamtest.Camera{Interval: time.Second}, stream.Options{})
			time.Sleep(100 * time.Millisecond)
		}
		next(t, v, 2500*time.Millisecond)
		close(free)
		synctest.Wait()
		if stats := wantState(t, s, stream.Live); stats.Failures != 0 || stats.Error != "" || stats.Stuck != 0 {
			t.Errorf("%+v", stats)
		}
	})
}

// Stuck is how long a camera has not let go.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			<-free
			return ctx.Err()
		}), stream.Options{Stall: 5 * time.Second})
		defer s.View(stream.ViewerOptions{}).Close()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if stuck := s.Stats().Stuck; stuck != 0 {
			t.Errorf("stuck for %v", stuck)
		}
		time.Sleep(7 * time.Second)
		if stuck := s.Stats().Stuck; stuck != 7*time.Second {
			t.Errorf("stuck for %v", stuck)
		}
		close(free)
		synctest.Wait()
		if stuck := s.Stats().Stuck; stuck != 0 {
			t.Errorf("stuck for %v", stuck)
		}
	})
}

// The pause of the old camera, however firm, is not the new one's.
func TestSetSourceEndsPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, stream.SourceFunc(func(context.Context, func(stream.Picture)) error {
			return stream.RetryAfter(errors.New("wrong password"), time.Hour)
		}), stream.Options{})
		v := s.View(stream.ViewerOptions{})
		none(t, v, time.Minute)
		if stats := wantState(t, s, stream.Down); stats.Retry == 0 {
			t.Errorf("%+v", stats)
		}
		s.SetSource(&streamtest.Camera{Interval: time.Second}, stream.Options{})
		next(t, v, time.Millisecond)
	})
}

// A camera that nobody watches is not read because it is another.
func TestSetSourceWithoutViewers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := &streamtest.Camera{Interval: time.Second}
		s := open(t, &streamtest.Camera{Interval: time.Second}, stream.Options{})
		s.SetSource(camera, stream.Options{})
		time.Sleep(time.Minute)
		if wantState(t, s, stream.Idle); len(camera.Starts()) != 0 {
			t.Error("it is read")
		}
		v := s.View(stream.ViewerOptions{})
		next(t, v, time.Millisecond)
		v.Close()
		s.SetSource(&streamtest.Camera{Interval: time.Second}, stream.Options{Keep: true})
		time.Sleep(time.Minute)
		wantState(t, s, stream.Live)
	})
}

// A lingering camera goes on lingering as another.
func TestSetSourceWhileLingering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &streamtest.Camera{Interval: time.Second}, stream.Options{Linger: 10 * time.Second})
		v := s.View(stream.ViewerOptions{})
		next(t, v, time.Millisecond)
		v.Close()
		time.Sleep(5 * time.Second)
		s.SetSource(&streamtest.Camera{Interval: time.Second}, stream.Options{Linger: 10 * time.Second})
		time.Sleep(9 * time.Second)
		wantState(t, s, stream.Live)
		time.Sleep(2 * time.Second)
		wantState(t, s, stream.Idle)
	})
}

// What is over begins again as another camera.
func TestSetSourceAfterEnd(t *testing.T) {
	ended := stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
		emit(stream.Picture{JPEG: streamtest.Picture(1)})
		return stream.ErrEnded
	})
	for _, keep := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, ended, stream.Options{Keep: true})
			synctest.Wait()
			wantState(t, s, stream.Ended)
			s.SetOptions(stream.Options{Keep: true, Stall: time.Second})
			synctest.Wait()
			wantState(t, s, stream.Ended) // it is still over
			s.SetSource(&streamtest.Camera{Interval: time.Second}, stream.Options{Keep: keep})
			synctest.Wait()
			if !keep {
				wantState(t, s, stream.Idle)
			}
			v := s.View(stream.ViewerOptions{})
			if f := next(t, v, time.Millisecond); f.Seq != 2 {
				t.Errorf("picture %d", f.Seq)
			}
		})
	}
}

// Options of a Stream change while its viewers notice nothing.
func TestSetOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := &streamtest.Camera{Interval: 20 * time.Second}
		s := open(t, camera, stream.Options{Stall: time.Minute})
		s.SetOptions(stream.Options{Keep: true, Stall: time.Minute})
		synctest.Wait()
		wantState(t, s, stream.Live)
		s.SetOptions(stream.Options{Linger: time.Minute, Stall: time.Minute})
		time.Sleep(time.Minute - 1)
		wantState(t, s, stream.Live)
		time.Sleep(2 * time.Nanosecond)
		wantState(t, s, stream.Idle)
		v := s.View(stream.ViewerOptions{})
		next(t, v, time.Millisecond)
		s.SetOptions(stream.Options{Stall: 5 * time.Second, MaxFrame: 10})
		if s.Stall() != 5*time.Second {
			t.Errorf("stall %v", s.Stall())
		}
		none(t, v, 30*time.Second) // the next picture would be too large
		if stats := s.Stats(); stats.Failures == 0 || stats.Damaged == 0 {
			t.Errorf("%+v", stats)
		}
		s.SetOptions(stream.Options{Stall: time.Minute})
		next(t, v, 30*time.Second)
		if now, most := camera.Running(); now != 1 || most != 1 {
			t.Errorf("%d runs, %d at a time", now, most)
		}
	})
}

// What is closed stays closed.
func TestSetSourceOfClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := &streamtest.Camera{Interval: time.Second}
		s := open(t, &streamtest.Camera{Interval: time.Second}, stream.Options{})
		s.Close()
		s.SetSource(camera, stream.Options{Keep: true})
		s.SetOptions(stream.Options{Keep: true})
		time.Sleep(time.Minute)
		if len(camera.Starts()) != 0 {
			t.Error("it is read")
		}
	})
}

// Cameras are replaced while viewers come, go and watch; all is as it should be in the end.
func TestSetSourceOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &streamtest.Camera{Interval: 10 * time.Millisecond}, stream.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		var watching sync.WaitGroup
		for i := range 20 {
			watching.Go(func() {
				for ctx.Err() == nil {
					v := s.View(stream.ViewerOptions{})
					var last uint64
					for range i + 1 {
						f, err := v.Next(ctx)
						if err != nil {
							break
						}
						if f.Seq <= last {
							t.Errorf("picture %d after %d", f.Seq, last)
						}
						last = f.Seq
					}
					v.Close()
					time.Sleep(time.Millisecond)
				}
			})
		}
		for i := range 200 {
			time.Sleep(time.Duration(i%7) * 3 * time.Millisecond)
			s.SetSource(&streamtest.Camera{Interval: 10 * time.Millisecond}, stream.Options{Keep: i%5 == 0})
		}
		v := s.View(stream.ViewerOptions{})
		next(t, v, 100*time.Millisecond)
		v.Close()
		cancel()
		watching.Wait()
		s.SetOptions(stream.Options{})
		time.Sleep(3 * time.Second)
		wantState(t, s, stream.Idle)
	})
}
