package router_test

import (
	"bufio"
	"context"
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
	snapshot := func(camera string) *http.Response { return get(t, "GET", server.URL+"/"+camera+"/snapshot") }
	refused := func(camera, reason string) {
		t.Helper()
		for _, r := range []*http.Response{watch(camera), snapshot(camera)} {
			body, _ := io.ReadAll(r.Body)
			if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" || !strings.Contains(string(body), reason) {
				t.Errorf("%s, Retry-After %q: %s", r.Status, r.Header.Get("Retry-After"), body)
			}
		}
	}
	first := watch("front")
	if r := snapshot("front"); r.StatusCode != http.StatusOK {
		t.Errorf("a snapshot beside one viewer: %s", r.Status)
	}
	watch("front")
	refused("front", "viewer limit of this camera reached (-max-viewers-per-camera): try again later")
	watch("back")
	refused("back", "viewer limit reached (-max-viewers): try again later")
	for _, path := range []string{"/", "/status", "/health"} {
		if r := get(t, "GET", server.URL+path); r.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
	for _, path := range []string{"/front/live", "/front/snapshot"} {
		if r := get(t, "HEAD", server.URL+path); r.StatusCode != http.StatusOK {
			t.Errorf("HEAD %s: %s", path, r.Status)
		}
	}
	first.Body.Close()
	for deadline := time.Now().Add(5 * time.Second); watch("front").StatusCode != http.StatusOK; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody is let in after one has left")
		}
	}
}

// Snapshots of a silent camera are viewers that wait for it.
func TestSnapshotsOfASilentCameraCount(t *testing.T) {
	s := open(t, stream.SourceFunc(func(ctx context.Context, _ func(stream.Picture)) error {
		<-ctx.Done()
		return ctx.Err()
	}), stream.Options{Stall: 10 * time.Second})
	server := serve(t, router.Snapshot(s, router.Options{Limits: &router.Limits{MaxViewers: 10}}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 10 {
		go func() {
			r, _ := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
			if response, err := http.DefaultTransport.RoundTrip(r); err == nil {
				t.Error("an answer for a silent camera:", response.Status)
			}
		}()
	}
	waitFor(t, func() bool { return s.Stats().Viewers == 10 }, "ten viewers wait")
	begun := time.Now()
	if r := get(t, "GET", server.URL); r.StatusCode != http.StatusServiceUnavailable || time.Since(begun) > 5*time.Second {
		t.Errorf("the eleventh: %s after %v", r.Status, time.Since(begun))
	}
}

// All cameras of a New have one bound for the memory in pictures under way.
func TestNewHasOneLimits(t *testing.T) {
	const size = 12 << 20
	picture := streamtest.OfSize(size).JPEG(1, time.Now())
	var cameras []router.Camera
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		camera := &streamtest.Camera{Interval: time.Second, JPEG: func(int, time.Time) []byte { return picture }}
		cameras = append(cameras, router.Camera{Name: name, Stream: open(t, camera, stream.Options{})})
	}
	site := router.New(cameras, router.Options{})
	server := serve(t, site)
	for _, c := range cameras {
		get(t, "GET", server.URL+"/"+c.Name+"/live") // and reads no more than the head
	}
	waitFor(t, func() bool { return measured(t, site)[`mjpegazer_viewers_evicted_total{reason="memory"}`] > 0 },
		"a viewer is evicted, as six pictures of 12 MB are under way")
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

// Limits that are changed hold for those who come, and for the rate of those who are there; nobody is cut off.
func TestLimitsChange(t *testing.T) {
	pictures := streamtest.OfSize(5_000)
	s := open(t, &streamtest.Camera{Interval: 10 * time.Millisecond, JPEG: pictures.JPEG}, stream.Options{})
	limits := &router.Limits{}
	server := serve(t, router.Live(s, router.Options{Limits: limits}))
	viewers := make([]*http.Response, 2)
	for i := range viewers {
		if viewers[i] = get(t, "GET", server.URL); viewers[i].StatusCode != http.StatusOK {
			t.Fatal(viewers[i].Status)
		}
	}
	received := func(d time.Duration) (bytes int64) {
		end := time.Now().Add(d)
		buffer := make([]byte, 32<<10)
		for time.Now().Before(end) {
			n, err := viewers[0].Body.Read(buffer)
			if err != nil {
				t.Fatal(err)
			}
			bytes += int64(n)
		}
		return bytes
	}
	fast := received(time.Second)
	limits.Change(1, 0, 50_000)
	if r := get(t, "GET", server.URL); r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a third viewer of one gets %s", r.Status)
	}
	received(500 * time.Millisecond)
	slow := received(2*time.Second) / 2
	limits.Change(0, 0, 0)
	if r := get(t, "GET", server.URL); r.StatusCode != http.StatusOK {
		t.Errorf("a third viewer gets %s", r.Status)
	}
	received(500 * time.Millisecond)
	again := received(time.Second)
	if fast < 150_000 || slow > 75_000 || slow < 25_000 || again < 150_000 {
		t.Errorf("%d bytes a second without a limit, %d with one of 50000, %d without", fast, slow, again)
	}
}
