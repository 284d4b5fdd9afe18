package router_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"mjpegazer/router"
	"mjpegazer/router/access"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// measured are the samples that a handler has at /metrics.
func measured(t *testing.T, h http.Handler, header ...string) map[string]float64 {
	t.Helper()
	r := httptest.NewRequest("GET", "/metrics", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	samples := map[string]float64{}
	for line := range strings.Lines(w.Body.String()) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name != "#" {
			if _, ok := samples[name]; ok {
				t.Errorf("%s comes twice", name)
			}
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Errorf("%s: %v", line, err)
			}
			samples[name] = n
		}
	}
	return samples
}

// All that happens to cameras and viewers is counted once.
func TestMetrics(t *testing.T) {
	pictures := streamtest.OfSize(5000)
	door := open(t, &streamtest.Camera{Interval: 10 * time.Millisecond, JPEG: pictures.JPEG}, stream.Options{})
	gone := open(t, &streamtest.Camera{Err: stream.FailedDial.Of(io.EOF)}, stream.Options{Stall: 50 * time.Millisecond})
	reloaded := time.Unix(1_700_000_000, 0)
	site := router.New([]router.Camera{{Name: "door", Stream: door}, {Name: "gone", Stream: gone}}, router.Options{
		Version: "1.2.3", Limits: &router.Limits{MaxViewersPerCamera: 2, MaxViewers: 3},
		Reloaded: func() (at, successful time.Time, mistakes []string) { return time.Now(), reloaded, []string{"one"} },
	})
	server := serve(t, site)
	if before := measured(t, site); before[`mjpegazer_camera_last_frame_timestamp_seconds{camera="door"}`] != 0 {
		t.Error("a picture before the first")
	}
	live := bufio.NewReader(get(t, "GET", server.URL+"/door/live").Body)
	for range 20 {
		if _, _, err := readPart(live); err != nil {
			t.Fatal(err)
		}
	}
	wall := get(t, "GET", server.URL+"/wall?camera=door").Body
	watch(t, wall, func(all []record) bool { return count(all, 0, 0) >= 3 })
	if r := get(t, "GET", server.URL+"/door/snapshot"); r.StatusCode != http.StatusServiceUnavailable {
		t.Error("a third viewer of two: ", r.Status)
	}
	if r := get(t, "GET", server.URL+"/gone/snapshot"); r.StatusCode != http.StatusServiceUnavailable {
		t.Error("a camera that is gone: ", r.Status)
	}
	waitFor(t, func() bool { // what is sent is counted once a second
		now := measured(t, site)
		return now[`mjpegazer_sent_frames_total{camera="door"}`] >= 23 && now["mjpegazer_frame_delay_seconds_count"] >= 20
	}, "what was sent is counted")
	now := measured(t, site)
	for name, want := range map[string]float64{
		fmt.Sprintf(`mjpegazer_build_info{version="1.2.3",goversion=%q}`, runtime.Version()): 1,
		"mjpegazer_config_last_reload_successful":                                            0,
		"mjpegazer_config_last_reload_success_timestamp_seconds":                             1_700_000_000,
		`mjpegazer_camera_up{camera="door"}`:                                                 1,
		`mjpegazer_camera_up{camera="gone"}`:                                                 0,
		`mjpegazer_camera_failures_total{camera="door",reason="dial"}`:                       0,
		`mjpegazer_camera_failures_total{camera="gone",reason="device"}`:                     0,
		`mjpegazer_camera_width_pixels{camera="door"}`:                                       float64(door.Stats().Width),
		`mjpegazer_camera_height_pixels{camera="door"}`:                                      float64(door.Stats().Height),
		`mjpegazer_viewers{camera="door",kind="live"}`:                                       1,
		`mjpegazer_viewers{camera="door",kind="wall"}`:                                       1,
		`mjpegazer_viewers{camera="door",kind="snapshot"}`:                                   0,
		`mjpegazer_viewers{camera="door",kind="other"}`:                                      0,
		`mjpegazer_viewers_rejected_total{reason="max-viewers-per-camera"}`:                  1,
		`mjpegazer_viewers_rejected_total{reason="max-viewers"}`:                             0,
		`mjpegazer_viewers_rejected_total{reason="no-picture"}`:                              1,
		`mjpegazer_viewers_rejected_total{reason="login"}`:                                   0,
		`mjpegazer_viewers_evicted_total{reason="stuck"}`:                                    0,
	} {
		if got, ok := now[name]; !ok || got != want {
			t.Errorf("%s is %v, not %v", name, got, want)
		}
	}
	sent := now[`mjpegazer_sent_frames_total{camera="door"}`]
	for name, least := range map[string]float64{
		`mjpegazer_sent_frames_total{camera="door"}`:                   23,
		`mjpegazer_sent_bytes_total{camera="door"}`:                    sent * 5000,
		`mjpegazer_camera_frames_total{camera="door"}`:                 20,
		`mjpegazer_camera_received_bytes_total{camera="door"}`:         20 * 5000,
		`mjpegazer_camera_last_frame_timestamp_seconds{camera="door"}`: float64(time.Now().Add(-time.Minute).Unix()),
		`mjpegazer_camera_failures_total{camera="gone",reason="dial"}`: 1,
		`mjpegazer_camera_consecutive_failures{camera="gone"}`:         1,
		`mjpegazer_frame_delay_seconds_bucket{le="+Inf"}`:              20,
		"mjpegazer_frame_delay_seconds_sum":                            1e-9,
		"process_start_time_seconds":                                   1,
		"go_goroutines":                                                1,
	} {
		if got := now[name]; got < least {
			t.Errorf("%s is %v, less than %v", name, got, least)
		}
	}
	if got := now["mjpegazer_frame_delay_seconds_count"]; got > sent {
		t.Errorf("%v delays of %v pictures", got, sent)
	}
}

// However many paths are asked for, and however many viewers there were, the series are the same.
func TestMetricsAreBounded(t *testing.T) {
	s := open(t, still(1), stream.Options{})
	site := router.New([]router.Camera{{Name: "door", Stream: s}}, router.Options{})
	before := measured(t, site)
	for range 100_000 {
		path := "/" + strconv.FormatUint(rand.Uint64(), 36)
		if n := rand.IntN(3); n > 0 {
			path = []string{"/live", "/door/"}[n-1] + path
		}
		site.ServeHTTP(httptest.NewRecorder(), &http.Request{Method: "GET", URL: &url.URL{Path: path}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody})
	}
	for range 100 {
		site.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/snapshot", nil))
	}
	after := measured(t, site)
	for name := range after {
		if _, ok := before[name]; !ok && name != `mjpegazer_camera_last_frame_timestamp_seconds{camera="door"}` && !strings.HasPrefix(name, "go_memstats_last") {
			t.Errorf("%s is new", name)
		}
	}
	if got := after[`mjpegazer_sent_frames_total{camera="door"}`]; got != 100 {
		t.Errorf("%v snapshots were sent", got)
	}
}

// Metrics are for those who may see /status, of the cameras that they may see; a wrong login is counted.
func TestMetricsOfRights(t *testing.T) {
	cameras := []router.Camera{
		{Name: "private", Stream: open(t, still(1), stream.Options{})}, {Name: "lobby", Stream: open(t, still(2), stream.Options{})},
	}
	control := newRights(t, map[string][]string{"private": {"ann"}})
	for name, site := range map[string]http.Handler{
		"New": router.New(cameras, router.Options{Access: control}), "Metrics": router.Metrics(cameras, router.Options{Access: control}),
	} {
		for _, who := range []string{"ann", "ben"} {
			samples := measured(t, site, "Authorization", logins[who])
			_, private := samples[`mjpegazer_camera_up{camera="private"}`]
			_, lobby := samples[`mjpegazer_camera_up{camera="lobby"}`]
			if private != (who == "ann") || !lobby {
				t.Errorf("%s: %s sees private %v, lobby %v", name, who, private, lobby)
			}
		}
		for _, login := range []string{"", "Bearer wrong"} {
			r := httptest.NewRequest("GET", "/metrics", nil)
			r.Header.Set("Authorization", login)
			w := httptest.NewRecorder()
			if site.ServeHTTP(w, r); w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "lobby") {
				t.Errorf("%s: %q gets %d %s", name, login, w.Code, w.Body)
			}
		}
	}
	if got := measured(t, router.Metrics(cameras, router.Options{Access: control}), "Authorization", logins["ann"])[`mjpegazer_viewers_rejected_total{reason="login"}`]; got != 2 {
		t.Errorf("%v wrong logins", got)
	}
	var nobody *access.Control
	if nobody.Refusals() != 0 {
		t.Error("no access control refuses")
	}
}

// Metrics at an address of their own are all that there is.
func TestMetricsElsewhere(t *testing.T) {
	cameras := []router.Camera{{Name: "door", Stream: open(t, still(1), stream.Options{})}}
	site := serve(t, router.New(cameras, router.Options{NoMetrics: true}))
	if r := get(t, "GET", site.URL+"/metrics"); r.StatusCode != http.StatusNotFound {
		t.Errorf("/metrics: %s", r.Status)
	}
	own := serve(t, router.Metrics(cameras, router.Options{}))
	for path, want := range map[string]int{"/metrics": 200, "/": 404, "/door/live": 404, "/status": 404} {
		if r := get(t, "GET", own.URL+path); r.StatusCode != want {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
	if r := get(t, "POST", own.URL+"/metrics"); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s", r.Status)
	}
}
