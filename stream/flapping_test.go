package stream_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// A camera that sends one picture a connection would fill a disk with what is no news.
func TestAFlappingCameraIsLoggedSixTimesAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		camera := stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			emit(stream.Picture{JPEG: streamtest.Picture(1)})
			return sleep(ctx, 100*time.Millisecond)
		})
		s := stream.New(camera, stream.Options{Keep: true, Log: slog.New(slog.NewTextHandler(&b, nil))})
		const minutes = 10
		time.Sleep(minutes*time.Minute + 5*time.Second) // a minute begins with the first change after the one before
		s.Close()
		synctest.Wait()
		lines := strings.Count(b.String(), "\n")
		if lines > 7*(minutes+1) || lines < 7*minutes {
			t.Errorf("%d lines in %d minutes", lines, minutes)
		}
		if n := strings.Count(b.String(), "more_changes="); n != minutes {
			t.Errorf("%d lines count the rest, want %d", n, minutes)
		}
	})
}

// One that fails now and then is logged each time, and nothing is added.
func TestFewChangesAreAllLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		camera := stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			emit(stream.Picture{JPEG: streamtest.Picture(1)})
			return sleep(ctx, 5*time.Second)
		})
		s := stream.New(camera, stream.Options{Keep: true, Stall: time.Minute, Log: slog.New(slog.NewTextHandler(&b, nil))})
		time.Sleep(14 * time.Second)
		s.Close()
		synctest.Wait()
		if up, down := strings.Count(b.String(), "camera up"), strings.Count(b.String(), "camera down"); up != 3 || down != 2 || strings.Contains(b.String(), "more_changes") {
			t.Errorf("%d up, %d down:\n%s", up, down, b.String())
		}
	})
}

// A camera that is away is logged once for those who come to it one after the other within its pause.
func TestACameraThatStaysAwayIsLoggedOncePerViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		camera := stream.SourceFunc(func(context.Context, func(stream.Picture)) error { return errors.New("no answer") })
		s := stream.New(camera, stream.Options{Log: slog.New(slog.NewTextHandler(&b, nil))})
		defer s.Close()
		const viewers = 4
		for range viewers {
			v := s.View(stream.ViewerOptions{})
			time.Sleep(2 * time.Second)
			v.Close()
			synctest.Wait()
		}
		if down := strings.Count(b.String(), "camera down"); down != viewers {
			t.Errorf("%d viewers: down %d times\n%s", viewers, down, b.String())
		}
	})
}
