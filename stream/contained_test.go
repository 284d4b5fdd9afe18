package stream_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
	"mjpegazer/stream/streamtest"
)

// panicked returns how many panics a log tells of, with their stacks.
func panicked(t *testing.T, log, message string) int {
	t.Helper()
	n := strings.Count(log, `level=ERROR msg="`+message+`"`)
	if stacks := strings.Count(log, "contained_test.go"); stacks < n {
		t.Errorf("%d panics have only %d stacks:\n%s", n, stacks, log)
	}
	return n
}

// What a viewer is told in the camera's goroutine, and in that of the stall's timer, may panic.
func TestNotifyThatPanicsEndsItsViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := open(t, &streamtest.Camera{Interval: 40 * time.Millisecond, Limit: 1}, stream.Options{
			Stall: time.Second, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		var calls atomic.Int64
		bad := s.View(stream.ViewerOptions{Notify: func() {
			if calls.Add(1) == 2 { // the first is its picture, the second that the camera stalled
				panic("oh")
			}
		}})
		defer bad.Close()
		good := s.View(stream.ViewerOptions{Notify: func() {}})
		defer good.Close()
		synctest.Wait()
		time.Sleep(5300 * time.Millisecond)
		if f, err := bad.Poll(); f != nil || err == nil {
			t.Errorf("the viewer goes on: %v, %v", f, err)
		}
		if f, err := good.Poll(); f == nil || err != nil {
			t.Errorf("the other viewer has no picture: %v", err)
		}
		if n := calls.Load(); n != 2 {
			t.Errorf("it was called %d times", n)
		}
		s.Close()
		if n := panicked(t, log.String(), "a viewer panicked"); n != 1 {
			t.Errorf("logged %d times:\n%s", n, &log)
		}
	})
}

// A source asks all viewers what they pass its pictures on to. One that panics is not the source's end.
func TestViaThatPanicsEndsItsViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &streamtest.Camera{Interval: 40 * time.Millisecond}, stream.Options{})
		bad := s.View(stream.ViewerOptions{Via: func() mjpeg.Via { panic("oh") }})
		defer bad.Close()
		good := s.View(stream.ViewerOptions{Via: func() mjpeg.Via { return mjpeg.Via{"a"} }})
		defer good.Close()
		if via := s.Via(); len(via) != 1 {
			t.Errorf("%v", via)
		}
		if _, err := bad.Next(t.Context()); err == nil {
			t.Error("the viewer goes on")
		}
		next(t, good, time.Second)
	})
}

// A mistake is an error whose methods panic, as those of a nil pointer do.
type mistake struct{ text string }

func (m *mistake) Error() string { return m.text }

func TestErrorThatPanicsEndsItsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		runs := 0
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			if runs++; runs == 1 {
				return (*mistake)(nil)
			}
			return (&streamtest.Camera{Interval: time.Second}).Run(ctx, emit)
		}), stream.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		next(t, v, 2*time.Second)
		s.Close()
		if strings.Count(log.String(), `msg="reading the camera panicked"`) != 1 {
			t.Error(log.String())
		}
	})
}

// A failingHandler is a log that panics at each line that the camera is up, and when it is asked whether lines of another level
// are wanted.
type failingHandler struct{ slog.Handler }

func (h failingHandler) Enabled(_ context.Context, level slog.Level) bool {
	if level < slog.LevelInfo {
		panic("enabled")
	}
	return true
}

func (h failingHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "camera up" {
		panic("handle")
	}
	return h.Handler.Handle(ctx, r)
}

func TestLogThatPanicsEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		handler := failingHandler{slog.NewTextHandler(&log, nil)}
		s := open(t, &streamtest.Camera{Interval: time.Second, Limit: 3, Err: errRefused}, stream.Options{Log: slog.New(handler)})
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		for range 9 {
			next(t, v, 5*time.Second)
		}
		s.Close()
		text := log.String()
		if n := panicked(t, text, "writing a line of the log panicked"); n != 3 {
			t.Errorf("logged %d times:\n%s", n, text)
		}
		if strings.Count(text, "camera down") < 2 {
			t.Errorf("lines are missing:\n%s", text)
		}
	})
}
