package router_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// A diary is a response writer that notes what was written when.
type diary struct {
	http.ResponseWriter
	begun   time.Time
	entries []string
}

func (d *diary) Unwrap() http.ResponseWriter { return d.ResponseWriter }

func (d *diary) Write(p []byte) (int, error) {
	text := strings.ReplaceAll(string(p), "\r\n", "|")
	for n := range 11 {
		text = strings.ReplaceAll(text, string(streamtest.Picture(n)), fmt.Sprint("picture ", n))
	}
	d.entries = append(d.entries, fmt.Sprint(time.Since(d.begun), " ", text))
	return len(p), nil
}

// keep shows a viewer a camera for a while and returns what was written; the time is a bubble's.
func keep(t *testing.T, camera stream.Source, pause, while time.Duration, accept string, query ...string) []string {
	t.Helper()
	s := stream.New(camera, stream.Options{Stall: time.Hour})
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), while)
	defer cancel()
	d := &diary{ResponseWriter: httptest.NewRecorder(), begun: time.Now()}
	r := httptest.NewRequestWithContext(ctx, "GET", "/?"+strings.Join(query, "&"), nil)
	r.Header.Set("Accept", accept)
	router.Live(s, router.Options{Heartbeat: pause}).ServeHTTP(d, r)
	return d.entries
}

func compare(t *testing.T, got []string, want ...string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("written:\n%s\nwant:\n%s", g, w)
	}
}

// wirePart is picture n as the diary shows its part, taken after so many seconds of a bubble.
func wirePart(n, seconds int) string {
	const begun = 946684800 // 2000-01-01
	return fmt.Sprintf("Content-Type: image/jpeg|Content-Length: %d|X-Timestamp: %d.000000||picture %d|--frame|",
		len(streamtest.Picture(n)), begun+seconds, n)
}

func TestHeartbeat(t *testing.T) {
	slow := func() stream.Source { return &streamtest.Camera{Interval: 12 * time.Second, Limit: 2} }
	const next = "|--frame|Content-Type: image/jpeg||"
	t.Run("framed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			compare(t, keep(t, slow(), 5*time.Second, 18*time.Second, "*/*"), "0s --frame|", "0s "+wirePart(1, 0),
				"5s X-Repeat: 1|"+wirePart(1, 0), "10s X-Repeat: 1|"+wirePart(1, 0),
				"12s "+wirePart(2, 12), "17s X-Repeat: 1|"+wirePart(2, 12))
		})
	})
	t.Run("browser", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			compare(t, keep(t, slow(), 7*time.Second, 15*time.Second, "image/*"), "0s --frame|Content-Type: image/jpeg||",
				"0s picture 1"+next, "7s picture 1"+next, "12s picture 2"+next)
		})
	})
	t.Run("none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			if got := keep(t, slow(), 0, 11*time.Second, "*/*"); len(got) != 2 {
				t.Error(got)
			}
		})
	})
	t.Run("fast camera", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			fast := &streamtest.Camera{Interval: time.Second, Limit: 3}
			if got := strings.Join(keep(t, fast, 1100*time.Millisecond, 2900*time.Millisecond, "*/*"), "\n"); strings.Contains(got, "X-Repeat") {
				t.Error(got)
			}
		})
	})
}

// A picture of a fast camera that is silent no longer shows what the camera sees, and a viewer that wants few pictures gets no
// more.
func TestHeartbeatOfOtherThanSlowCameras(t *testing.T) {
	silent := func() stream.Source { return &streamtest.Camera{Interval: 100 * time.Millisecond, Limit: 2} }
	for accept, want := range map[string]string{"*/*": "5.1s X-Wait: 1|", "image/*": "5.1s picture 2|--frame|Content-Type: image/jpeg||"} {
		synctest.Test(t, func(t *testing.T) {
			compare(t, keep(t, silent(), 5*time.Second, 6*time.Second, accept)[3:], want)
		})
	}
	fast := func() stream.Source { return &streamtest.Camera{Interval: time.Second, Limit: 10} }
	for accept, want := range map[string][]string{"*/*": {"2s X-Wait: 1|", "4s X-Wait: 1|"}, "image/*": nil} {
		synctest.Test(t, func(t *testing.T) {
			compare(t, keep(t, fast(), 2*time.Second, 5*time.Second, accept, "fps=0.1")[2:], want...)
		})
	}
}

// A camera that is down shows no picture, and its viewers' connections are kept.
func TestHeartbeatWhileTheCameraIsDown(t *testing.T) {
	run := 0
	failing := stream.SourceFunc(func(_ context.Context, emit func(stream.Picture)) error {
		if run++; run == 1 {
			emit(stream.Picture{JPEG: streamtest.Picture(0)})
			time.Sleep(time.Second)
		}
		return stream.RetryAfter(errors.New("no route to host"), time.Hour)
	})
	for _, test := range []struct{ accept, wait string }{
		{"*/*", "X-Wait: 1|"},
		{"image/*", "picture 0|--frame|Content-Type: image/jpeg||"},
	} {
		t.Run(test.accept, func(t *testing.T) {
			run = 0
			synctest.Test(t, func(t *testing.T) {
				got := keep(t, failing, 5*time.Second, 11*time.Second, test.accept)
				compare(t, got[2:], "5s "+test.wait, "10s "+test.wait)
			})
		})
	}
}

// Clients in many languages give up after 5 s without a byte; the beat must come before.
func TestDefaultHeartbeatIsEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &streamtest.Camera{Interval: 12 * time.Second}
		last := time.Duration(0)
		for _, line := range keep(t, source, router.DefaultHeartbeat, 30*time.Second, "*/*") {
			at, err := time.ParseDuration(strings.Fields(line)[0])
			if err != nil {
				t.Fatal(err)
			}
			if at-last > 4*time.Second {
				t.Errorf("nothing was sent from %v to %v", last, at)
			}
			last = at
		}
		if last < 26*time.Second {
			t.Errorf("the last was sent after %v", last)
		}
	})
}
