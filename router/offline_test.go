package router_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
	"mjpegazer/stream/streamtest"
)

// away is a camera that sends one picture, is away for a while, for one reason and then another, and comes back.
func away(ctx context.Context, emit func(stream.Picture)) error {
	pause := func(d time.Duration) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d):
			return nil
		}
	}
	emit(stream.Picture{JPEG: streamtest.Picture(1)})
	for _, step := range []struct {
		after  time.Duration
		reason string
	}{{1900 * time.Millisecond, "the cable is out"}, {12 * time.Second, "the power is out"}} {
		if err := pause(step.after); err != nil {
			return err
		}
		emit(stream.Picture{Lost: errors.New(step.reason)})
	}
	if err := pause(3100 * time.Millisecond); err != nil {
		return err
	}
	emit(stream.Picture{JPEG: streamtest.Picture(2)})
	return pause(time.Hour)
}

// signs returns an Options.Offline that shows picture 5, and picture 6 when the power is out, to browsers or to all.
func signs(t *testing.T, all bool) func(stream.Stats, bool) *stream.Frame {
	frames := map[string]*stream.Frame{}
	for i, reason := range []string{"the cable is out", "the power is out"} {
		frame, err := stream.Picture{JPEG: streamtest.Picture(5 + i)}.Offline()
		if err != nil {
			t.Fatal(err)
		}
		frames[reason] = frame
	}
	return func(stats stream.Stats, browser bool) *stream.Frame {
		if !browser && !all {
			return nil
		}
		return frames[stats.Error]
	}
}

// TestOffline: what is shown while there is no picture comes within a second, again each 5 s or when it changes, and ends at once.
func TestOffline(t *testing.T) {
	const next = "|--frame|Content-Type: image/jpeg||"
	watch := func(t *testing.T, s *stream.Stream, options router.Options, while time.Duration, accept string) []string {
		ctx, cancel := context.WithTimeout(t.Context(), while)
		defer cancel()
		d := &diary{ResponseWriter: httptest.NewRecorder(), begun: time.Now()}
		r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
		r.Header.Set("Accept", accept)
		router.Live(s, options).ServeHTTP(d, r)
		return d.entries
	}
	open := func() *stream.Stream { return stream.New(stream.SourceFunc(away), stream.Options{Stall: time.Hour}) }
	t.Run("browser", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := open()
			defer s.Close()
			compare(t, watch(t, s, router.Options{Heartbeat: 4 * time.Second, Offline: signs(t, false)}, 18*time.Second, "image/*"),
				"0s --frame|Content-Type: image/jpeg||", "0s picture 1"+next, "2s picture 5"+next, "7s picture 5"+next, "12s picture 5"+next,
				"14s picture 6"+next, "17s picture 2"+next)
			if stats := s.Stats(); stats.Frames != 2 || stats.Sent != 2 || stats.Received != uint64(len(streamtest.Picture(1))+len(streamtest.Picture(2))) {
				t.Errorf("it counts as a picture: %+v", stats)
			}
		})
	})
	t.Run("browser that comes later", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := open()
			defer s.Close()
			defer s.View(stream.ViewerOptions{}).Close()
			time.Sleep(3 * time.Second)
			compare(t, watch(t, s, router.Options{Offline: signs(t, false)}, time.Second, "image/*"),
				"0s --frame|Content-Type: image/jpeg||", "0s picture 5"+next)
		})
	})
	t.Run("program", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := open()
			defer s.Close()
			with := watch(t, s, router.Options{Heartbeat: 4 * time.Second, Offline: signs(t, false)}, 18*time.Second, "*/*")
			again := open()
			defer again.Close()
			begun := len("0s --frame|") // the times of the two differ
			without := watch(t, again, router.Options{Heartbeat: 4 * time.Second}, 18*time.Second, "*/*")
			if len(with) != len(without) || with[0][:begun] != without[0][:begun] || !strings.HasPrefix(with[2], "4s X-Wait") {
				t.Errorf("with:\n%s\nwithout:\n%s", strings.Join(with, "\n"), strings.Join(without, "\n"))
			}
		})
	})
	t.Run("program that is shown it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := open()
			defer s.Close()
			got := watch(t, s, router.Options{Heartbeat: 4 * time.Second, Offline: signs(t, true), OfflineForAll: true}, 8*time.Second, "*/*")
			wire := "X-Offline: 1|" + strings.Replace(wirePart(5, 0), "picture 5", "picture 5", 1)
			compare(t, got[2:], "2s "+wire, "6s X-Wait: 1|", "7s "+wire)
		})
	})
}

// TestOfflineIsReadAsNoPicture: a reader of the stream passes over what is no picture of the camera's, wherever the bytes are torn.
func TestOfflineIsReadAsNoPicture(t *testing.T) {
	sign, err := mjpeg.PackOffline(time.Now(), streamtest.Picture(5))
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(mjpeg.Start)
	for n := 1; n <= 3; n++ {
		part, err := mjpeg.Pack(time.Now(), streamtest.Picture(n))
		if err != nil {
			t.Fatal(err)
		}
		text = append(append(append(text, sign.Part()...), part.Part()...), sign.Part()...)
	}
	for size := range 30 {
		reader := mjpeg.NewReader(&torn{text, size + 1}, 0)
		for n := 1; n <= 3; n++ {
			if part, err := reader.Next(); err != nil || part.Damaged > 0 || !bytes.Equal(part.JPEG, streamtest.Picture(n)) {
				t.Fatalf("pieces of %d: picture %d: %v, damaged %d", size+1, n, err, part.Damaged)
			}
		}
		if part, err := reader.Next(); err == nil || part.Damaged > 0 {
			t.Errorf("pieces of %d: at the end: %v, damaged %d", size+1, err, part.Damaged)
		}
	}
}

// torn is text in pieces.
type torn struct {
	text []byte
	size int
}

func (r *torn) Read(p []byte) (int, error) {
	if len(r.text) == 0 {
		return 0, errors.New("over")
	}
	n := copy(p[:min(len(p), r.size)], r.text)
	r.text = r.text[n:]
	return n, nil
}

// TestOfflineSnapshot: what is shown to a browser has the status of a failure, unless it is for all; programs that pass pictures on
// are never shown it.
func TestOfflineSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stream.New(stream.SourceFunc(func(context.Context, func(stream.Picture)) error {
			return stream.RetryAfter(errors.New("the cable is out"), time.Hour)
		}), stream.Options{})
		defer s.Close()
		defer s.View(stream.ViewerOptions{}).Close()
		for _, c := range []struct {
			all             bool
			accept, program string
			code            int
			picture         bool
		}{
			{false, "image/*", "", 503, true}, {false, "*/*", "", 503, false}, {true, "*/*", "", 200, true}, {true, "image/*", "", 200, true},
			{true, "*/*", "0123456789abcdef", 503, false},
		} {
			r := httptest.NewRequest("GET", "/snapshot", nil)
			r.Header.Set("Accept", c.accept)
			if c.program != "" {
				r.Header.Set(mjpeg.InstanceHeader, c.program)
			}
			w := httptest.NewRecorder()
			router.Snapshot(s, router.Options{Offline: signs(t, c.all)}).ServeHTTP(w, r)
			picture := bytes.Equal(w.Body.Bytes(), streamtest.Picture(5)) && w.Header().Get("X-Offline") == "1"
			if w.Code != c.code || picture != c.picture || c.code == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
				t.Errorf("%+v: %d, %v", c, w.Code, w.Header())
			}
		}
	})
}
