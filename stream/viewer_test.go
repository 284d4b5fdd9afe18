package stream_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

func TestSlowViewerSkipsAndIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &streamtest.Camera{Interval: 40 * time.Millisecond}, stream.Options{})
		fast, slow := s.View(stream.ViewerOptions{}), s.View(stream.ViewerOptions{})
		defer fast.Close()
		defer slow.Close()
		next(t, slow, time.Second)
		for i := range 26 {
			if f := next(t, fast, 41*time.Millisecond); f.Seq != uint64(i+1) {
				t.Fatalf("frame %d, want %d", f.Seq, i+1)
			}
		}
		if f := next(t, slow, 0); f.Seq != 26 {
			t.Fatalf("the slow viewer has frame %d, not the newest", f.Seq)
		}
		if n := s.Stats().Skipped; n != 24 {
			t.Fatalf("%d skipped, want 24", n)
		}
	})
}

func TestNotReadyIsSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &streamtest.Camera{Interval: 40 * time.Millisecond}, stream.Options{})
		v := s.View(stream.ViewerOptions{Ready: func(f *stream.Frame) bool { return f.Seq%3 == 0 }})
		defer v.Close()
		for i := range 100 {
			if f := next(t, v, 121*time.Millisecond); f.Seq != uint64(3*i+3) {
				t.Fatalf("frame %d", f.Seq)
			}
		}
		if n := s.Stats().Skipped; n != 2*99 {
			t.Fatalf("%d skipped, want %d", n, 2*99)
		}
	})
}

func TestMaxFPS(t *testing.T) {
	for _, test := range []struct {
		camera time.Duration
		fps    float64
		frames int // in 10 s
		pause  time.Duration
	}{
		{40 * time.Millisecond, 10, 100, 120 * time.Millisecond},
		{time.Second / 30, 15, 150, 67 * time.Millisecond},
		{time.Second / 30, 29, 290, 67 * time.Millisecond},
		{time.Second / 30, 60, 300, 34 * time.Millisecond},
		{40 * time.Millisecond, 0.5, 5, 2040 * time.Millisecond},
	} {
		t.Run(fmt.Sprint(test.fps), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, &streamtest.Camera{Interval: test.camera}, stream.Options{})
				v := s.View(stream.ViewerOptions{MaxFPS: test.fps})
				defer v.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				n, last := 0, time.Time{}
				for {
					f, err := v.Next(ctx)
					if err != nil {
						break
					}
					if d := f.Arrived.Sub(last); n > 0 && d > test.pause {
						t.Errorf("pause of %v before frame %d, want %v at most", d, f.Seq, test.pause)
					}
					n, last = n+1, f.Arrived
				}
				if n < test.frames-1 || n > test.frames+1 {
					t.Errorf("%d frames in 10 s, want %d", n, test.frames)
				}
				if stats := s.Stats(); stats.Skipped != 0 || stats.Thinned+uint64(n) > stats.Frames {
					t.Errorf("%+v", stats)
				}
			})
		})
	}
}

// A camera whose clock trembles must still be thinned evenly.
func TestMaxFPSWithJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			start := time.Now()
			for n := 0; ctx.Err() == nil; n++ {
				jitter := time.Duration(n*n*7919%9-4) * time.Millisecond
				time.Sleep(time.Until(start.Add(time.Duration(n)*time.Second/30 + jitter)))
				emit(stream.Picture{JPEG: streamtest.Picture(n)})
			}
			return ctx.Err()
		}), stream.Options{})
		v := s.View(stream.ViewerOptions{MaxFPS: 15})
		defer v.Close()
		last := next(t, v, time.Second).Seq
		for range 200 {
			f := next(t, v, 80*time.Millisecond)
			if f.Seq != last+2 {
				t.Fatalf("frame %d after %d, want every other", f.Seq, last)
			}
			last = f.Seq
		}
	})
}

// As many pictures as the rate allows come, evenly chosen.
func TestMaxRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			for sleep(ctx, 10*time.Millisecond) == nil {
				emit(stream.Picture{JPEG: streamtest.Picture(1)})
			}
			return ctx.Err()
		}), stream.Options{})
		v := s.View(stream.ViewerOptions{MaxRate: float64(len(streamtest.Picture(1))) * 20})
		defer v.Close()
		last := next(t, v, time.Second)
		for range 100 {
			f := next(t, v, 70*time.Millisecond)
			if missed := f.Seq - last.Seq; missed < 3 || missed > 7 { // 100 a second for 20
				t.Fatalf("frame %d after %d, want about every fifth", f.Seq, last.Seq)
			}
			last = f
		}
		if stats := s.Stats(); last.Seq < 470 || last.Seq > 530 || stats.Skipped != 0 {
			t.Errorf("%d frames for 100 that were shown, %d skipped", last.Seq, stats.Skipped)
		}
	})
}

// The last picture outlives its run, but not the viewers.
func TestLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			emit(stream.Picture{JPEG: streamtest.Picture(1)})
			sleep(ctx, time.Second)
			return errRefused
		}), stream.Options{Linger: time.Minute})
		last := func(n uint64, live bool) {
			t.Helper()
			var got uint64
			f, nowLive := s.Last()
			if f != nil {
				got = f.Seq
			}
			if got != n || nowLive != live {
				t.Errorf("frame %d, live %t; want %d, %t", got, nowLive, n, live)
			}
		}
		last(0, false)
		v := s.View(stream.ViewerOptions{})
		next(t, v, time.Second)
		last(1, true)
		time.Sleep(1100 * time.Millisecond) // the camera has failed
		last(1, false)
		next(t, v, time.Second)
		last(2, true)
		v.Close()
		time.Sleep(2 * time.Minute)
		last(0, false)
	})
}

// Viewers of any speed, coming and going while the camera fails and returns, see whole pictures in order.
func TestManyViewersOfAFailingCamera(t *testing.T) {
	s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
		for n := range 50 {
			emit(stream.Picture{JPEG: streamtest.Picture(n)})
			if err := sleep(ctx, time.Millisecond); err != nil {
				return err
			}
		}
		return errRefused
	}), stream.Options{Linger: time.Millisecond})
	whole := map[string]bool{}
	for n := range 50 {
		whole[string(streamtest.Picture(n))] = true
	}
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			for range 5 {
				v := s.View(stream.ViewerOptions{})
				last := uint64(0)
				for range 10 {
					f := next(t, v, 10*time.Second)
					if f.Seq <= last || !whole[string(f.JPEG())] {
						t.Errorf("frame %d after %d, whole: %v", f.Seq, last, whole[string(f.JPEG())])
					}
					last = f.Seq
					time.Sleep(time.Duration(i%10) * time.Millisecond)
				}
				v.Close()
			}
		})
	}
	all.Wait()
	if n := s.Stats().Viewers; n != 0 {
		t.Fatalf("%d viewers are left", n)
	}
}

func TestParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := time.Unix(946684000, 1234567) // minutes before the clock of synctest begins
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			padded := append(streamtest.Picture(1), "\x00\x00\xff\xd9"...)
			emit(stream.Picture{JPEG: padded, Time: at, Facts: map[string]string{"server": "test"}})
			clear(padded) // it was borrowed
			<-ctx.Done()
			return nil
		}), stream.Options{})
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		f := next(t, v, time.Second)
		if !bytes.Equal(f.JPEG(), streamtest.Picture(1)) {
			t.Error("the picture is another")
		}
		if !f.Time.Equal(at) || f.Width != 32 || f.Height != 24 {
			t.Errorf("%v %d×%d", f.Time, f.Width, f.Height)
		}
		want := fmt.Sprintf("Content-Type: image/jpeg\r\nContent-Length: %d\r\nX-Timestamp: 946684000.001234\r\n\r\n%s\r\n--frame\r\n",
			len(streamtest.Picture(1)), streamtest.Picture(1))
		if got := string(f.Part()); got != want {
			t.Errorf("part is %q", got)
		}
		want = fmt.Sprintf("%s\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n", streamtest.Picture(1))
		if got := string(f.OpenPart()); got != want {
			t.Errorf("open part is %q", got)
		}
		if s.Stats().Facts["server"] != "test" {
			t.Error("the facts are lost")
		}
	})
}

func TestMaxFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := &streamtest.Camera{Interval: time.Second, JPEG: streamtest.OfSize(2000).JPEG}
		s := open(t, camera, stream.Options{MaxFrame: 1999})
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		none(t, v, 3*time.Second)
		if n := s.Stats().Damaged; n < 3 {
			t.Fatalf("%d damaged", n)
		}
	})
}

// A camera that sends one picture and ends, again and again, shows all of them to a viewer that waits.
func TestPictureOutlivesItsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stream.New(stream.SourceFunc(func(_ context.Context, emit func(stream.Picture)) error {
			emit(stream.Picture{JPEG: streamtest.Picture(1)})
			return nil
		}), stream.Options{})
		defer s.Close()
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		for i := range 20 {
			if f := next(t, v, 251*time.Millisecond); f.Seq != uint64(i+1) {
				t.Fatalf("frame %d, want %d", f.Seq, i+1)
			}
		}
		time.Sleep(150 * time.Millisecond)     // the next comes after 200 ms
		late := s.View(stream.ViewerOptions{}) // for whom the camera is asked at once
		defer late.Close()
		if f := next(t, late, 251*time.Millisecond); f.Seq <= 20 {
			t.Errorf("a late viewer gets frame %d, which is old", f.Seq)
		}
	})
}
