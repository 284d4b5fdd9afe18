package router_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
)

// A diary is a response writer that notes what was written when.
type diary struct {
	http.ResponseWriter
	begun   time.Time
	entries []string
}

func (d *diary) Write(p []byte) (int, error) {
	text := strings.ReplaceAll(string(p), "\r\n", "|")
	for i := range 3 {
		text = strings.ReplaceAll(text, string(picture(i, 0)), fmt.Sprint("picture ", i))
	}
	d.entries = append(d.entries, fmt.Sprint(time.Since(d.begun), " ", text))
	return len(p), nil
}

// keep shows a viewer a camera for a while and returns what was written; the time is a bubble's.
func keep(t *testing.T, camera stream.SourceFunc, pause, while time.Duration, accept string, query ...string) []string {
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

// wirePart is picture n as the diary shows its part.
func wirePart(n int) string {
	return fmt.Sprintf("Content-Type: image/jpeg|Content-Length: %d|X-Timestamp: 1700000000.00000%d||picture %d|--frame|",
		len(picture(n, 0)), n, n)
}

func TestHeartbeat(t *testing.T) {
	slow := pictures(12*time.Second, picture(0, 0), picture(1, 0))
	const next = "|--frame|Content-Type: image/jpeg||"
	t.Run("framed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			compare(t, keep(t, slow, router.DefaultHeartbeat, 18*time.Second, "*/*"), "0s --frame|", "0s "+wirePart(0),
				"5s X-Repeat: 1|"+wirePart(0), "10s X-Repeat: 1|"+wirePart(0),
				"12s "+wirePart(1), "17s X-Repeat: 1|"+wirePart(1))
		})
	})
	t.Run("browser", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			compare(t, keep(t, slow, 7*time.Second, 15*time.Second, "image/*"), "0s --frame|Content-Type: image/jpeg||",
				"0s picture 0"+next, "7s picture 0"+next, "12s picture 1"+next)
		})
	})
	t.Run("none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			if got := keep(t, slow, 0, 11*time.Second, "*/*"); len(got) != 2 {
				t.Error(got)
			}
		})
	})
	t.Run("fast camera", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			fast := pictures(time.Second, picture(0, 0), picture(1, 0), picture(2, 0))
			if got := strings.Join(keep(t, fast, 1100*time.Millisecond, 2900*time.Millisecond, "*/*"), "\n"); strings.Contains(got, "X-Repeat") {
				t.Error(got)
			}
		})
	})
}

// A picture of a camera that has fallen silent unlike itself says no more what it sees, and who wants few gets no more.
func TestHeartbeatOfOtherThanSlowCameras(t *testing.T) {
	silent := pictures(100*time.Millisecond, picture(0, 0), picture(1, 0))
	for accept, want := range map[string]string{"*/*": "5.1s X-Wait: 1|", "image/*": "5.1s picture 1|--frame|Content-Type: image/jpeg||"} {
		synctest.Test(t, func(t *testing.T) {
			compare(t, keep(t, silent, router.DefaultHeartbeat, 6*time.Second, accept)[3:], want)
		})
	}
	fast := pictures(time.Second, slices.Repeat([][]byte{picture(0, 0), picture(1, 0)}, 5)...)
	for accept, want := range map[string][]string{"*/*": {"2s X-Wait: 1|", "4s X-Wait: 1|"}, "image/*": nil} {
		synctest.Test(t, func(t *testing.T) {
			compare(t, keep(t, fast, 2*time.Second, 5*time.Second, accept, "fps=0.1")[2:], want...)
		})
	}
}

// A camera that is down shows no picture, and its viewers' connections are kept.
func TestHeartbeatWhileTheCameraIsDown(t *testing.T) {
	run := 0
	failing := stream.SourceFunc(func(_ context.Context, emit func(stream.Picture)) error {
		if run++; run == 1 {
			emit(stream.Picture{JPEG: picture(0, 0), Time: time.Unix(1700000000, 0)})
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
				got := keep(t, failing, router.DefaultHeartbeat, 11*time.Second, test.accept)
				compare(t, got[2:], "5s "+test.wait, "10s "+test.wait)
			})
		})
	}
}
