package stream_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// A blockingHandler is a log whose disk does not answer, until it is opened.
type blockingHandler struct {
	slog.Handler
	open chan struct{}
}

func (h blockingHandler) Handle(ctx context.Context, r slog.Record) error {
	<-h.open
	return h.Handler.Handle(ctx, r)
}

func (h blockingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return blockingHandler{h.Handler.WithAttrs(attrs), h.open}
}

// A log that blocks stops neither the camera nor its viewers, and gets its lines later, with their times.
func TestBlockingLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		handler := blockingHandler{slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}), make(chan struct{})}
		camera := &streamtest.Camera{Interval: time.Second, Limit: 3, Err: errRefused}
		s := open(t, camera, stream.Options{Log: slog.New(handler).With("camera", "door")})
		v := s.View(stream.ViewerOptions{})
		for range 600 {
			next(t, v, 2*time.Second)
			s.Stats()
		}
		v.Close()
		begun := time.Now()
		s.Close()
		if d := time.Since(begun); d > 2*time.Second {
			t.Errorf("closing took %v", d)
		}
		time.Sleep(time.Hour)
		close(handler.open)
		synctest.Wait()
		lines := strings.Split(strings.TrimSpace(text.String()), "\n")
		for i, want := range []string{
			`time=2000-01-01T00:00:00.000Z level=DEBUG msg="camera connecting" camera=door`,
			`time=2000-01-01T00:00:00.000Z level=INFO msg="camera up" camera=door width=32 height=24`,
			`time=2000-01-01T00:00:03.000Z level=DEBUG msg="camera failed" camera=door reason="connection refused" failures=1 retry=`,
			`time=2000-01-01T00:00:03.000Z level=WARN msg="camera down" camera=door was=live for=3s reason="connection refused"`,
		} {
			if i >= len(lines) || !strings.HasPrefix(strings.ReplaceAll(lines[i], "+00:00", "Z"), want) {
				t.Errorf("line %d is not %s", i, want)
			}
		}
		if len(lines) > 110 || !strings.Contains(lines[len(lines)-1], "lost") {
			t.Errorf("%d lines were kept, the last is %s", len(lines), lines[len(lines)-1])
		}
	})
}

// Close returns when the last lines are written, where the log does not block.
func TestCloseWaitsForTheLog(t *testing.T) {
	var text bytes.Buffer
	s := stream.New(&streamtest.Camera{}, stream.Options{Log: slog.New(slog.NewTextHandler(&text, nil))})
	v := s.View(stream.ViewerOptions{})
	next(t, v, 5*time.Second)
	s.Close()
	if !strings.HasSuffix(text.String(), "level=INFO msg=\"camera idle\"\n") {
		t.Errorf("it said:\n%s", text.String())
	}
}

// A line about a camera that comes or goes says what it was, and how long.
func TestLogSaysHowLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		runs := 0
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			runs++
			switch runs {
			case 2, 3: // it fails again while it is down
				return stream.RetryAfter(errRefused, time.Second)
			case 1, 4:
				emit(stream.Picture{JPEG: streamtest.Picture(1)})
				sleep(ctx, 90*time.Second)
				return stream.RetryAfter(errRefused, time.Second)
			}
			<-ctx.Done()
			return ctx.Err()
		}), stream.Options{Keep: true, Stall: time.Hour, Log: slog.New(slog.NewTextHandler(&text, nil)).With("camera", "door", "source", "http://cam/")})
		time.Sleep(4 * time.Minute)
		s.Close()
		synctest.Wait()
		var got []string
		for line := range strings.Lines(text.String()) {
			_, line, _ = strings.Cut(line, "msg=")
			got = append(got, strings.TrimSpace(line))
		}
		want := []string{
			`"camera up" camera=door source=http://cam/ width=32 height=24`,
			`"camera down" camera=door source=http://cam/ was=live for=1m30s reason="connection refused"`,
			`"camera up" camera=door source=http://cam/ was=down for=3s width=32 height=24`,
			`"camera down" camera=door source=http://cam/ was=live for=1m30s reason="connection refused"`,
			`"camera idle" camera=door source=http://cam/`,
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}
