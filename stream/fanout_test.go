package stream_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// Many viewers get every frame, in order, while others come and go.
func TestDeliver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &streamtest.Camera{Interval: 40 * time.Millisecond}, stream.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var waiting sync.WaitGroup
		for i := range 100 {
			waiting.Go(func() {
				var last uint64
				v := s.View(stream.ViewerOptions{Deliver: func(f *stream.Frame) bool {
					if last > 0 && f.Seq != last+1 {
						t.Errorf("frame %d after %d", f.Seq, last)
					}
					last = f.Seq
					return true
				}})
				defer v.Close()
				if i%3 == 0 { // leaves early
					ctx, cancel := context.WithTimeout(ctx, time.Duration(i)*50*time.Millisecond)
					defer cancel()
					v.Next(ctx)
					return
				}
				if f, err := v.Next(ctx); f != nil || err != context.DeadlineExceeded {
					t.Error(f != nil, err)
				}
				if last < 249 || last > 251 {
					t.Errorf("the last was frame %d, of 250 or so", last)
				}
			})
		}
		waiting.Wait()
		if stats := s.Stats(); stats.Skipped != 0 || stats.Viewers != 0 {
			t.Errorf("%+v", stats)
		}
	})
}

// What Deliver does not accept at once Next returns, and meanwhile nothing else is delivered.
func TestDeliverLeavesToNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &streamtest.Camera{Interval: 40 * time.Millisecond}, stream.Options{})
		var delivered []uint64
		v := s.View(stream.ViewerOptions{Deliver: func(f *stream.Frame) bool {
			delivered = append(delivered, f.Seq)
			return f.Seq%5 != 0
		}})
		defer v.Close()
		for n := uint64(5); n <= 50; n += 10 {
			if f := next(t, v, 401*time.Millisecond); f.Seq != n || delivered[len(delivered)-1] != n {
				t.Fatalf("frame %d after %v were delivered, want %d", f.Seq, delivered, n)
			}
			before := len(delivered)
			time.Sleep(201 * time.Millisecond) // Next does not wait
			if len(delivered) != before {
				t.Fatalf("%v were delivered while nobody waited", delivered)
			}
			if f := next(t, v, 0); f.Seq != n+5 { // it is there at once
				t.Fatalf("frame %d, want %d", f.Seq, n+5)
			}
		}
		if n := s.Stats().Skipped; n != 5*4 {
			t.Errorf("%d skipped, want 20", n)
		}
	})
}

// Not ready, or not wanted so often: as for every viewer.
func TestDeliverChooses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &streamtest.Camera{Interval: 40 * time.Millisecond}, stream.Options{})
		var few, ready []uint64
		for _, v := range []*stream.Viewer{
			s.View(stream.ViewerOptions{MaxFPS: 5, Deliver: func(f *stream.Frame) bool { few = append(few, f.Seq); return true }}),
			s.View(stream.ViewerOptions{
				Ready:   func(f *stream.Frame) bool { return f.Seq%5 == 0 },
				Deliver: func(f *stream.Frame) bool { ready = append(ready, f.Seq); return true },
			}),
		} {
			defer v.Close()
			none(t, v, 4*time.Second)
		}
		if min(len(few), len(ready)) < 20 || max(len(few), len(ready)) > 21 {
			t.Errorf("of 100 frames or one more %d and %d were delivered, want every fifth", len(few), len(ready))
		}
		for _, seq := range ready {
			if seq%5 != 0 {
				t.Errorf("frame %d was delivered", seq)
			}
		}
	})
}

// Next returns at the end, after the last frame.
func TestDeliverUntilTheEnd(t *testing.T) {
	for _, ended := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
				for n := range 3 {
					time.Sleep(time.Second)
					emit(stream.Picture{JPEG: streamtest.Picture(n)})
				}
				if ended {
					return stream.ErrEnded
				}
				<-ctx.Done()
				return ctx.Err()
			}), stream.Options{})
			delivered := 0
			v := s.View(stream.ViewerOptions{Deliver: func(*stream.Frame) bool { delivered++; return true }})
			defer v.Close()
			want := stream.ErrEnded
			if !ended {
				want = stream.ErrClosed
				time.AfterFunc(4*time.Second, func() { s.Close() })
			}
			if f, err := v.Next(t.Context()); f != nil || !errors.Is(err, want) || delivered != 3 {
				t.Errorf("%v, %v after %d of 3 frames", f != nil, err, delivered)
			}
		})
	}
}

// While another viewer of the worker is slow, a run ends and the next begins: a viewer that comes for that one gets nothing of the
// one before.
func TestDeliverKnowsItsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			if runs++; runs > 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			time.Sleep(time.Second)
			emit(stream.Picture{JPEG: streamtest.Picture(1)})
			return stream.ErrEnded
		}), stream.Options{})
		slow := s.View(stream.ViewerOptions{Deliver: func(*stream.Frame) bool { time.Sleep(time.Second); return true }})
		defer slow.Close()
		go slow.Next(t.Context())
		time.Sleep(1500 * time.Millisecond)
		wantState(t, s, stream.Ended)
		late := s.View(stream.ViewerOptions{Deliver: func(f *stream.Frame) bool { t.Error("frame", f.Seq); return true }})
		defer late.Close()
		none(t, late, 2*time.Second)
	})
}

// A viewer that breaks the rule of Deliver ends; the others, and the program, go on.
func TestDeliverThatPanicsEndsItsViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &streamtest.Camera{Interval: 40 * time.Millisecond}, stream.Options{})
		good := 0
		v := s.View(stream.ViewerOptions{Deliver: func(*stream.Frame) bool { good++; return true }})
		defer v.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var waiting sync.WaitGroup
		waiting.Go(func() { v.Next(ctx) })
		calls := 0
		bad := s.View(stream.ViewerOptions{Deliver: func(*stream.Frame) bool {
			if calls++; calls == 5 {
				panic("oh")
			}
			return true
		}})
		defer bad.Close()
		if _, err := bad.Next(ctx); err == nil || ctx.Err() != nil {
			t.Errorf("it goes on: %v", err)
		}
		waiting.Wait()
		if good < 24 {
			t.Errorf("the other viewer got %d pictures", good)
		}
	})
}
