package variant_test

import (
	"context"
	"errors"
	"image"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/variant"
	"mjpegazer/stream"
	"mjpegazer/stream/contain"
	"mjpegazer/stream/streamtest"
)

// All viewers of a variant get the very same picture, which has the time of the original.
func TestOneForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		camera := &streamtest.Camera{Interval: 100 * time.Millisecond}
		original := stream.New(camera, stream.Options{})
		small := stream.New(&variant.Source{From: variant.View{Stream: original}, Width: 16}, stream.Options{NoStall: true})
		defer original.Close()
		defer small.Close()
		seen := map[*stream.Frame]int{}
		var viewers [100]*stream.Viewer
		for i := range viewers {
			viewers[i] = small.View(stream.ViewerOptions{})
			defer viewers[i].Close()
		}
		for range 5 {
			for _, v := range viewers {
				f, err := v.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if seen[f]++; f.Width != 16 || f.Time.Sub(began)%(100*time.Millisecond) != 0 {
					t.Errorf("a picture %d wide of %v", f.Width, f.Time)
				}
			}
		}
		if len(seen) != 5 || small.Stats().Frames != 5 || camera.Sent() != 5 || original.Stats().Viewers != 1 {
			t.Errorf("%d pictures for 5 of the camera; %+v", len(seen), small.Stats())
		}
	})
}

// A variant is in its camera's state, for its camera's reason, and back with it.
func TestStateIsTheCameras(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		camera := stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			for ; !broken.Load(); time.Sleep(100 * time.Millisecond) {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				emit(stream.Picture{JPEG: streamtest.Picture(1)})
			}
			return errors.New("the camera has been unplugged")
		})
		original := stream.New(camera, stream.Options{})
		small := stream.New(&variant.Source{From: variant.View{Stream: original}, Width: 16}, stream.Options{NoStall: true})
		smaller := stream.New(&variant.Source{From: variant.View{Stream: small}, Width: 8}, stream.Options{NoStall: true})
		defer original.Close()
		defer small.Close()
		defer smaller.Close()
		v := smaller.View(stream.ViewerOptions{})
		defer v.Close()
		if f, err := v.Next(t.Context()); err != nil || f.Width != 8 {
			t.Fatal(f, err)
		}
		broken.Store(true)
		time.Sleep(time.Minute)
		a, b := original.Stats(), smaller.Stats()
		if b.State != stream.Down || b.Error != a.Error || b.Failures != a.Failures || (a.Retry-b.Retry).Abs() > time.Second {
			t.Errorf("the camera is %s for %q after %d failures, its variant %s for %q after %d",
				a.State, a.Error, a.Failures, b.State, b.Error, b.Failures)
		}
		if last, live := smaller.Last(); live || last == nil {
			t.Errorf("the last picture is shown as a live one: %v", live)
		}
		broken.Store(false)
		before := time.Now()
		if _, err := v.Next(t.Context()); err != nil || original.Stats().State != stream.Live || smaller.Stats().State != stream.Live {
			t.Errorf("%v: the camera is %s, its variant %s", err, original.Stats().State, smaller.Stats().State)
		}
		if waited := time.Since(before); waited > a.Retry+time.Millisecond {
			t.Errorf("it came back after %v, the camera after %v", waited, a.Retry)
		}
	})
}

// What comes while a picture is in work is passed over but for the newest, and counted.
func TestNewestOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := &streamtest.Camera{Interval: 10 * time.Millisecond, Limit: 1000}
		s := variant.Source{From: camera, Quality: 50}
		ctx, cancel := context.WithCancel(t.Context())
		var passed string
		n := 0
		s.Run(ctx, func(p stream.Picture) {
			if age := time.Since(p.Time); age > 10*time.Millisecond {
				t.Errorf("picture %d is %v old", n, age)
			}
			if p.Facts["pictures passed over"] != "" {
				passed = p.Facts["pictures passed over"]
			}
			if n++; n == 10 {
				cancel()
			}
			time.Sleep(time.Second)
		})
		if passed == "" || camera.Sent() < 500 {
			t.Errorf("%d pictures were sent, %d made, %q passed over", camera.Sent(), n, passed)
		}
	})
}

func TestFPS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := variant.Source{From: &streamtest.Camera{Interval: 40 * time.Millisecond}, FPS: 5}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		n := 0
		s.Run(ctx, func(stream.Picture) { n++ })
		if n < 99 || n > 102 {
			t.Errorf("%d pictures in 20 s at 5 a second", n)
		}
	})
}

// Once it has seen a picture, a variant takes no memory for others like it.
func TestAllocations(t *testing.T) {
	picture := quarters(t, 640, 480)
	for name, s := range map[string]variant.Source{
		"turn":  {Turn: 90},
		"size":  {Width: 300, Quality: 60, Text: "%F %T.%f", Limit: variant.NewLimit(1)},
		"crop":  {Crop: image.Rect(100, 100, 300, 300), Grey: true},
		"exif":  {Turn: 90, How: variant.Exif},
		"plain": {FPS: 1000},
	} {
		const warm, n = 20, 200
		var before, after runtime.MemStats
		next := make(chan struct{}, 1)
		s.From = stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			for i := range warm + n {
				if i == warm {
					runtime.ReadMemStats(&before)
				}
				emit(stream.Picture{JPEG: picture, Time: time.Unix(1700000000+int64(i), 0)})
				if name == "plain" {
					time.Sleep(2 * time.Millisecond)
				}
				<-next
			}
			runtime.ReadMemStats(&after)
			return stream.ErrEnded
		})
		s.Run(t.Context(), func(stream.Picture) { next <- struct{}{} })
		if per := float64(after.Mallocs-before.Mallocs) / n; per > 0.5 {
			t.Errorf("%s: %.1f allocations a picture", name, per)
		}
	}
}

// A panic in the goroutine that changes pictures is one of the run, where the Stream contains it.
func TestPanicIsThatOfTheRun(t *testing.T) {
	p := contain.Call(func() {
		s := variant.Source{From: &streamtest.Camera{}, Turn: 90}
		s.Run(t.Context(), func(stream.Picture) { panic("oh") })
	})
	if p == nil || p.Value != "oh" || !strings.Contains(p.Stack, "TestPanicIsThatOfTheRun") {
		t.Errorf("%+v", p)
	}
}
