package router_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

func TestMaxViewers(t *testing.T) {
	front := open(t, still(1), stream.Options{})
	back := open(t, still(2), stream.Options{})
	limits := &router.Limits{MaxViewers: 3, MaxViewersPerCamera: 2}
	server := serve(t, router.New([]router.Camera{{Name: "front", Stream: front}, {Name: "back", Stream: back}},
		router.Options{Limits: limits}))
	watch := func(camera string) *http.Response { return get(t, "GET", server.URL+"/"+camera+"/live") }
	refused := func(camera, reason string) {
		t.Helper()
		r := watch(camera)
		body, _ := io.ReadAll(r.Body)
		if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" || !strings.Contains(string(body), reason) {
			t.Errorf("%s, Retry-After %q: %s", r.Status, r.Header.Get("Retry-After"), body)
		}
	}
	first := watch("front")
	watch("front")
	refused("front", "this camera")
	watch("back")
	refused("back", "this server")
	for _, path := range []string{"/front/snapshot", "/status", "/health"} {
		if r := get(t, "GET", server.URL+path); r.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
	if r := get(t, "HEAD", server.URL+"/front/live"); r.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %s", r.Status)
	}
	first.Body.Close()
	for deadline := time.Now().Add(5 * time.Second); watch("front").StatusCode != http.StatusOK; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody is let in after one has left")
		}
	}
}

// Handlers that share no limits do not count each other's viewers.
func TestLimitsOfTheirOwn(t *testing.T) {
	s := open(t, still(1), stream.Options{})
	for range 2 {
		server := serve(t, router.Live(s, router.Options{Limits: &router.Limits{MaxViewers: 1}}))
		if r := get(t, "GET", server.URL); r.StatusCode != http.StatusOK {
			t.Error(r.Status)
		}
	}
}

func TestMaxRate(t *testing.T) {
	s := open(t, &streamtest.Camera{Interval: 20 * time.Millisecond, JPEG: streamtest.OfSize(10_000).JPEG}, stream.Options{})
	server := serve(t, router.Live(s, router.Options{Limits: &router.Limits{MaxRate: 100_000}}))
	r := bufio.NewReader(get(t, "GET", server.URL).Body)
	readPart(r)
	begun := time.Now()
	for range 10 {
		if _, _, err := readPart(r); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begun); took < 800*time.Millisecond || took > 5*time.Second {
		t.Errorf("10 pictures of 10 KB took %v at 100 KB a second", took)
	}
	if stats := s.Stats(); stats.Thinned < 20 {
		t.Errorf("%d pictures were thinned out, %d skipped", stats.Thinned, stats.Skipped)
	}
}
