package router_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

func TestWall(t *testing.T) {
	t.Parallel()
	fast := &streamtest.Camera{Interval: 20 * time.Millisecond}
	cameras := []router.Camera{
		{Name: "fast", Stream: open(t, fast, stream.Options{})},
		{Name: "gone", Stream: open(t, dead(), stream.Options{})},
		{Name: "slow", Stream: open(t, &streamtest.Camera{Interval: 300 * time.Millisecond}, stream.Options{})},
	}
	server := serve(t, router.New(cameras, router.Options{}))
	response := get(t, "GET", server.URL+"/wall")
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff",
	} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	all := watch(t, response.Body, func(all []record) bool { return count(all, 0, 2) >= 4 && lastState(t, all, 1).State == "down" })

	var list struct{ Cameras []string }
	if err := json.Unmarshal(all[0].body, &list); err != nil || all[0].kind != 2 || len(all[0].body)+16 < 1024 {
		t.Errorf("the first record is of kind %d, %d bytes large, %v", all[0].kind, len(all[0].body), err)
	}
	if !slices.Equal(list.Cameras, []string{"fast", "gone", "slow"}) {
		t.Errorf("the cameras are %q", list.Cameras)
	}
	if s := lastState(t, all, 1); s.Reason != "connection refused" || s.Age != nil {
		t.Errorf("what cannot be reached is %+v", s)
	}
	if n := count(all, 0, 0); n < 8 || n > 80 {
		t.Errorf("%d pictures of a camera with 50 a second while another with 3 had four", n)
	}
	checkPictures(t, all)
	for _, c := range cameras {
		if n := c.Stream.Stats().Viewers; n != 1 {
			t.Errorf("%s has %d viewers", c.Name, n)
		}
	}
	response.Body.Close()
	waitFor(t, func() bool { return cameras[0].Stream.Stats().Viewers == 0 }, "the viewer has left")
}

// Every picture arrives as the camera sent it, of those cameras alone that are asked for, in that order.
func TestWallOfSome(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "c"}
	pictures := map[string]streamtest.Pictures{}
	var cameras []router.Camera
	for i, name := range names {
		pictures[name] = streamtest.OfSize(5000 + 1000*i)
		camera := &streamtest.Camera{Interval: 30 * time.Millisecond, JPEG: pictures[name].JPEG}
		cameras = append(cameras, router.Camera{Name: name, Stream: open(t, camera, stream.Options{})})
	}
	server := serve(t, router.New(cameras, router.Options{}))
	begun := time.Now() // before any picture: one who looks late finds some already there
	response := get(t, "GET", server.URL+"/wall?camera=c&camera=a&camera=c&fps=10")
	all := watch(t, response.Body, func(all []record) bool { return count(all, 0, 0) >= 6 && count(all, 0, 1) >= 6 })
	if took := time.Since(begun); took < 450*time.Millisecond {
		t.Errorf("six pictures in %v, want at most 10 a second", took)
	}
	if got := string(bytes.TrimSpace(all[0].body)); got != `{"cameras":["c","a"]}` {
		t.Errorf("the list is %s", got)
	}
	last := map[int]int{}
	for _, r := range all {
		if r.kind != 0 {
			continue
		}
		n, err := pictures[[]string{"c", "a"}[r.tile]].Check(r.body)
		if err != nil || n <= last[r.tile] {
			t.Errorf("tile %d: picture %d after %d: %v", r.tile, n, last[r.tile], err)
		}
		last[r.tile] = n
	}
	if n := cameras[1].Stream.Stats().Viewers; n != 0 {
		t.Errorf("the camera nobody asked for has %d viewers", n)
	}
}

func TestWallRefuses(t *testing.T) {
	t.Parallel()
	server := site(t)
	for path, want := range map[string]int{
		"/wall?camera=front&camera=nowhere": 404, "/wall?camera=": 404, "/wall?fps=0": 400, "/wall?fps=x": 400,
	} {
		r := get(t, "GET", server.URL+path)
		text, _ := io.ReadAll(r.Body)
		if r.StatusCode != want || want == 404 && !strings.Contains(string(text), "front (/front/live), gone (/gone/live)") {
			t.Errorf("%s: %s %s", path, r.Status, text)
		}
	}
	head := get(t, "HEAD", server.URL+"/wall")
	if head.StatusCode != 200 || head.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("HEAD: %s %v", head.Status, head.Header)
	}
	if r := get(t, "POST", server.URL+"/wall"); r.StatusCode != 405 {
		t.Errorf("POST: %s", r.Status)
	}
}

// A wall is one viewer of each camera. Where there is no room at one the others are shown.
func TestWallCountsForLimits(t *testing.T) {
	t.Parallel()
	var cameras []router.Camera
	for _, name := range []string{"a", "b"} {
		cameras = append(cameras, router.Camera{Name: name, Stream: open(t, still(1), stream.Options{})})
	}
	server := serve(t, router.New(cameras, router.Options{Limits: &router.Limits{MaxViewersPerCamera: 1, MaxViewers: 2}}))
	live := get(t, "GET", server.URL+"/a/live")
	response := get(t, "GET", server.URL+"/wall")
	all := watch(t, response.Body, func(all []record) bool { return count(all, 0, 1) == 1 && count(all, 1, 0) == 1 })
	if s := lastState(t, all, 0); s.State != "full" || s.Reason == "" || count(all, 0, 0) > 0 {
		t.Errorf("a camera with no room is %+v", s)
	}
	for _, path := range []string{"/wall", "/b/live", "/wall?camera=a"} {
		if r := get(t, "GET", server.URL+path); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s, Retry-After %q", path, r.Status, r.Header.Get("Retry-After"))
		}
	}
	live.Body.Close()
	response.Body.Close()
	waitFor(t, func() bool {
		r := get(t, "GET", server.URL+"/wall?camera=b")
		r.Body.Close()
		return r.StatusCode == 200
	}, "there is room")
}

// The rate is that of the whole wall, and each tile gets the same.
func TestWallKeepsToTheRate(t *testing.T) {
	pictures := streamtest.OfSize(10_000)
	var cameras []router.Camera
	for i := range 4 {
		camera := &streamtest.Camera{Interval: 20 * time.Millisecond, JPEG: pictures.JPEG}
		cameras = append(cameras, router.Camera{Name: fmt.Sprint("camera", i), Stream: open(t, camera, stream.Options{})})
	}
	server := serve(t, router.New(cameras, router.Options{Limits: &router.Limits{MaxRate: 400_000}}))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, "GET", server.URL+"/wall", nil)
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var all []record
	for {
		r, err := readRecord(response.Body)
		if err != nil {
			break
		}
		all = append(all, r)
	}
	sum := 0
	var counts []int
	for i := range cameras {
		counts = append(counts, count(all, 0, i))
		sum += counts[i]
	}
	if sum < 60 || sum > 130 { // 40 a second
		t.Errorf("%d pictures of 10 KB in 3 s at 400 KB/s", sum)
	}
	if slices.Max(counts)-slices.Min(counts) > 3 {
		t.Errorf("uneven: %d", counts)
	}
}

// What is over says so, and a wall of nothing else ends.
func TestWallEnds(t *testing.T) {
	t.Parallel()
	short := &streamtest.Camera{Interval: 300 * time.Millisecond, Limit: 3, Err: stream.ErrEnded}
	closing := stream.New(&streamtest.Camera{Interval: 100 * time.Millisecond}, stream.Options{})
	time.AfterFunc(3*time.Second, func() { closing.Close() })
	server := serve(t, router.New([]router.Camera{
		{Name: "film", Stream: open(t, short, stream.Options{})}, {Name: "camera", Stream: closing},
	}, router.Options{}))
	response := get(t, "GET", server.URL+"/wall")
	var all []record
	for {
		r, err := readRecord(response.Body)
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if n := count(all, 0, 0); n != 3 {
		t.Errorf("%d pictures of a film with 3", n)
	}
	if n := count(all, 0, 1); n < 7 {
		t.Errorf("%d pictures of a camera that went on for two seconds longer", n)
	}
	if s := lastState(t, all, 0); s.State != "ended" {
		t.Errorf("the film is %+v", s)
	}
}

// Silence is broken, and what writes is not a connection need not be one.
func TestWallIsNeverSilent(t *testing.T) {
	t.Parallel()
	cameras := []router.Camera{{Name: "still", Stream: open(t, still(1), stream.Options{Stall: time.Minute})}}
	server := serve(t, router.New(cameras, router.Options{Heartbeat: time.Second}))
	response := get(t, "GET", server.URL+"/wall")
	all := watch(t, response.Body, func(all []record) bool { return count(all, 3, 0) == 2 })
	if last := all[len(all)-1]; len(last.body) != 0 || time.Since(last.time).Abs() > 5*time.Second {
		t.Errorf("a heartbeat of %d bytes, %v ago", len(last.body), time.Since(last.time))
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	recorder := httptest.NewRecorder()
	router.New(cameras, router.Options{}).ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, "GET", "/wall", nil))
	if beat := recorder.Header().Get("X-Mjpegazer-Heartbeat"); beat != "" {
		t.Errorf("a heartbeat of %s that is off", beat)
	}
	all = watch(t, recorder.Body, func(all []record) bool { return count(all, 0, 0) == 1 })
	checkPictures(t, all)
}
