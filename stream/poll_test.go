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

// One goroutine waits for several streams, and misses nothing of any.
func TestNotifyAndPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wake := make(chan struct{}, 1)
		notify := func() {
			select {
			case wake <- struct{}{}:
			default:
			}
		}
		cameras := []*streamtest.Camera{
			{Interval: 100 * time.Millisecond, Limit: 10, Err: stream.ErrEnded},
			{Interval: 300 * time.Millisecond, Limit: 5},
		}
		var viewers []*stream.Viewer
		for _, c := range cameras {
			v := open(t, c, stream.Options{}).View(stream.ViewerOptions{Notify: notify})
			defer v.Close()
			viewers = append(viewers, v)
		}
		counts, ended := make([]uint64, len(viewers)), make([]error, len(viewers))
		for end := time.After(3 * time.Second); ; {
			for i, v := range viewers {
				f, err := v.Poll()
				if f != nil {
					if counts[i]++; f.Seq != counts[i] || time.Since(f.Arrived) > 0 {
						t.Errorf("stream %d: frame %d, %v old, want %d", i, f.Seq, time.Since(f.Arrived), counts[i])
					}
				}
				if err != nil {
					ended[i] = err
				}
			}
			select {
			case <-wake:
				continue
			case <-end:
			}
			break
		}
		if counts[0] != 10 || !errors.Is(ended[0], stream.ErrEnded) || counts[1] != 5 || ended[1] != nil {
			t.Errorf("%d frames, and they ended with %v", counts, ended)
		}
		viewers[1].Close()
		if _, err := viewers[1].Poll(); !errors.Is(err, stream.ErrClosed) {
			t.Errorf("a closed viewer gets %v", err)
		}
	})
}

// Poll asks Ready, as Next does, and returns at once.
func TestPollOfAViewerThatIsNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ready := false
		s := open(t, &streamtest.Camera{Interval: time.Second}, stream.Options{})
		v := s.View(stream.ViewerOptions{Ready: func(*stream.Frame) bool { return ready }})
		defer v.Close()
		time.Sleep(2500 * time.Millisecond)
		if f, err := v.Poll(); f != nil || err != nil {
			t.Errorf("got %v and %v", f, err)
		}
		ready = true
		if f, err := v.Poll(); f == nil || f.Seq != 3 || err != nil {
			t.Errorf("got %v and %v, want the newest", f, err)
		}
		if f, err := v.Poll(); f != nil || err != nil {
			t.Errorf("got %v and %v, and has had the newest", f, err)
		}
	})
}

// A camera that answers and has nothing new is not one that has fallen silent.
func TestUnchanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			for n := 1; ; n++ {
				emit(stream.Picture{JPEG: streamtest.Picture(n)})
				for range 3 {
					if err := sleep(ctx, time.Second); err != nil {
						return err
					}
					emit(stream.Picture{})
				}
			}
		}), stream.Options{Keep: true})
		time.Sleep(500 * time.Millisecond)
		if s.Stats().Unchanged {
			t.Error("unchanged, and the picture is new")
		}
		time.Sleep(time.Second)
		if !s.Stats().Unchanged {
			t.Error("not unchanged, and the camera has nothing new")
		}
	})
}
