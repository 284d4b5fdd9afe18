package router_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

func TestHeadAndMethods(t *testing.T) {
	server := site(t)
	for path, contentType := range map[string]string{
		"/": "text/html; charset=utf-8", "/status": "application/json", "/metrics": "text/plain; version=0.0.4; charset=utf-8", "/wall": "application/octet-stream", "/health": "text/plain; charset=utf-8",
		"/live": "multipart/x-mixed-replace; boundary=frame", "/snapshot": "image/jpeg", "/snapshot.jpg": "image/jpeg",
		"/gone/live": "multipart/x-mixed-replace; boundary=frame", "/gone/snapshot": "image/jpeg",
		"/front/live": "multipart/x-mixed-replace; boundary=frame", "/front/snapshot.jpg": "image/jpeg",
		"/front/health": "text/plain; charset=utf-8",
	} {
		r := get(t, "HEAD", server.URL+path)
		body, _ := io.ReadAll(r.Body)
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != contentType || len(body) > 0 {
			t.Errorf("HEAD %s: %s, %s, %d bytes", path, r.Status, r.Header.Get("Content-Type"), len(body))
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"} {
			r := get(t, method, server.URL+path)
			if r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %s, Allow: %s", method, path, r.Status, r.Header.Get("Allow"))
			}
		}
	}
	status := struct{ Cameras []struct{ State string } }{}
	json.NewDecoder(get(t, "GET", server.URL+"/status").Body).Decode(&status)
	for _, c := range status.Cameras {
		if c.State != "idle" {
			t.Errorf("HEAD made a camera %s", c.State)
		}
	}
}

func TestUnknownCameraNamesTheKnown(t *testing.T) {
	server := site(t)
	for _, path := range []string{"/nope/live", "/nope", "/front/nope", "/Front/live"} {
		r := get(t, "GET", server.URL+path)
		body, _ := io.ReadAll(r.Body)
		if r.StatusCode != 404 || !strings.Contains(string(body), "front (/front/live), gone (/gone/live)") {
			t.Errorf("%s: %s %s", path, r.Status, body)
		}
	}
}

func TestSnapshot(t *testing.T) {
	server := site(t)
	for _, path := range []string{"/snapshot", "/front/snapshot.jpg"} {
		r := get(t, "GET", server.URL+path)
		body, err := io.ReadAll(r.Body)
		if err != nil || r.ContentLength != int64(len(body)) {
			t.Errorf("%s: %d bytes of %d, %v", path, len(body), r.ContentLength, err)
		}
		if n, err := streamtest.OfPixels(64, 48).Check(body); n != 1 || err != nil {
			t.Errorf("%s: picture %d, %v", path, n, err)
		}
		_, taken, _ := streamtest.ReadStamp(body)
		for name, want := range map[string]string{
			"Content-Type": "image/jpeg", "Cache-Control": "no-store", "X-Timestamp": fmt.Sprintf("%d.%06d", taken.Unix(), taken.Nanosecond()/1000),
			"Last-Modified": taken.UTC().Format(http.TimeFormat),
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestUnavailable(t *testing.T) {
	server := site(t)
	for _, path := range []string{"/gone/live", "/gone/snapshot"} {
		start := time.Now()
		r := get(t, "GET", server.URL+path)
		body, _ := io.ReadAll(r.Body)
		if r.StatusCode != 503 || !strings.Contains(string(body), "connection refused") || r.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s, %q, Retry-After %q", path, r.Status, body, r.Header.Get("Retry-After"))
		}
		if d := time.Since(start); d > 5*1300*time.Millisecond {
			t.Errorf("%s: answered after %v, want the stall time of 300ms and 1s for another try", path, d)
		}
	}
}

var errLogin = errors.New("the camera refused the user name or the password")

// Nobody waits for a camera that must not be tried for a while.
func TestUnavailableAtOnce(t *testing.T) {
	refused := stream.SourceFunc(func(context.Context, func(stream.Picture)) error {
		return stream.RetryAfter(errLogin, time.Minute)
	})
	s := open(t, refused, stream.Options{})
	server := serve(t, router.Snapshot(s, router.Options{}))
	s.View(stream.ViewerOptions{}) // the first one makes the camera refuse
	for s.Stats().State != stream.Down {
		time.Sleep(time.Millisecond)
	}
	start := time.Now()
	r := get(t, "GET", server.URL)
	body, _ := io.ReadAll(r.Body)
	if r.StatusCode != 503 || r.Header.Get("Retry-After") != "60" || !strings.Contains(string(body), errLogin.Error()) {
		t.Errorf("%s, Retry-After %s, %s", r.Status, r.Header.Get("Retry-After"), body)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("answered after %v", d)
	}
}

// A viewer of a camera that fails again and again is told why long before its stall time is over.
func TestUnavailableSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, dead(), stream.Options{})
		for _, handler := range []http.Handler{router.Live(s, router.Options{}), router.Snapshot(s, router.Options{})} {
			begun, w := time.Now(), httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			if took := time.Since(begun); took > 4*time.Second || w.Code != 503 || !strings.Contains(w.Body.String(), "connection refused") {
				t.Errorf("after %v: %d %s", took, w.Code, w.Body)
			}
		}
	})
}

func TestHealth(t *testing.T) {
	s := open(t, dead(), stream.Options{Linger: 10 * time.Millisecond})
	server := serve(t, router.Health(s, router.Options{HealthThreshold: 2}))
	health := func(status int, body string) {
		t.Helper()
		r := get(t, "GET", server.URL)
		if got, _ := io.ReadAll(r.Body); r.StatusCode != status || string(got) != body {
			t.Errorf("%s %q, want %d %q", r.Status, got, status, body)
		}
	}
	health(200, "True")
	v := s.View(stream.ViewerOptions{})
	for s.Stats().Failures < 2 {
		time.Sleep(time.Millisecond)
	}
	health(503, "False")
	v.Close()
	for s.Stats().State != stream.Idle {
		time.Sleep(time.Millisecond)
	}
	health(200, "True")
}

func TestStatus(t *testing.T) {
	server := site(t)
	io.Copy(io.Discard, get(t, "GET", server.URL+"/front/snapshot").Body)
	io.Copy(io.Discard, get(t, "GET", server.URL+"/gone/snapshot").Body)
	type camera struct {
		Name, Address, State string
		Healthy              bool
		Error                *string `json:"last_error"`
		Failures             int     `json:"consecutive_failures"`
		Width, Height        int
		Frames               uint64
		LastPicture          *time.Time `json:"last_picture"`
	}
	var status struct{ Cameras []camera }
	if err := json.NewDecoder(get(t, "GET", server.URL+"/status").Body).Decode(&status); err != nil {
		t.Fatal(err)
	}
	front, gone := status.Cameras[0], status.Cameras[1]
	if front.Name != "front" || front.Address != "http://camera/video" || front.State != "live" || !front.Healthy ||
		front.Width != 64 || front.Height != 48 || front.Frames != 1 || front.LastPicture == nil {
		t.Errorf("%+v", front)
	}
	if gone.State != "down" || gone.Error == nil || *gone.Error != "connection refused" || gone.Failures == 0 || gone.LastPicture != nil {
		t.Errorf("%+v", gone)
	}
}

func TestBelowAnyPath(t *testing.T) {
	s := open(t, still(1), stream.Options{})
	whole := router.New([]router.Camera{{Name: "front", Stream: s}}, router.Options{})
	mux := http.NewServeMux()
	mux.Handle("/cams/", http.StripPrefix("/cams", whole))
	mux.Handle("/other/", http.StripPrefix("/other", router.New([]router.Camera{{Name: "x", Stream: s}}, router.Options{})))
	mux.Handle("/mounted", mounted(whole))
	mux.Handle("/mounted/", mounted(whole))
	mux.Handle("/cams", http.StripPrefix("/cams", whole))
	server := serve(t, mux)
	for _, path := range []string{"/mounted?x=1", "/cams?x=1"} { // links on the page would be those of its neighbours
		if r := get(t, "GET", server.URL+path); r.StatusCode != 302 || r.Header.Get("Location") != "."+strings.Replace(path, "?", "/?", 1) {
			t.Errorf("%s: %s to %q", path, r.Status, r.Header.Get("Location"))
		}
	}
	for _, path := range []string{"/mounted/", "/mounted/front/snapshot", "/mounted/health", "/cams/snapshot", "/cams/front/snapshot", "/cams/", "/cams/status", "/other/x/snapshot"} {
		if r := get(t, "GET", server.URL+path); r.StatusCode != 200 {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"a", "0", "Front.Door_2-x", "camera"} {
		if err := router.CheckName(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", "-a", ".a", "a/b", "a b", "ä", "live", "snapshot.jpg", "assets", "api"} {
		if router.CheckName(name) == nil {
			t.Errorf("name %q is accepted", name)
		}
	}
	for _, names := range [][]string{{"a", "a"}, {"live"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("cameras %v are accepted", names)
				}
			}()
			var cameras []router.Camera
			for _, name := range names {
				cameras = append(cameras, router.Camera{Name: name, Stream: open(t, dead(), stream.Options{})})
			}
			router.New(cameras, router.Options{})
		}()
	}
}

func TestWhoReadsItselfIsRefused(t *testing.T) {
	s := open(t, still(1), stream.Options{})
	server := serve(t, router.New([]router.Camera{{Name: "me", Stream: s}}, router.Options{Instance: "abc"}))
	for instance, status := range map[string]int{"": 200, "other": 200, "abc": http.StatusLoopDetected} {
		r := get(t, "GET", server.URL+"/me/snapshot", "X-Mjpegazer-Instance", instance)
		if r.StatusCode != status || r.Header.Get("X-Mjpegazer-Instance") != "abc" {
			t.Errorf("instance %q: %s, answered by %q", instance, r.Status, r.Header.Get("X-Mjpegazer-Instance"))
		}
	}
}

// A browser that opens pictures as a document runs nothing that they hold.
func TestPicturesHaveAPolicy(t *testing.T) {
	server := site(t)
	for _, path := range []string{"/live", "/front/live", "/snapshot", "/front/snapshot.jpg", "/stream", "/?action=stream", "/webcam/?action=snapshot"} {
		for _, method := range []string{"GET", "HEAD"} {
			r := get(t, method, server.URL+path)
			if got := r.Header.Get("Content-Security-Policy"); r.StatusCode != 200 || got != "default-src 'none'; style-src 'unsafe-inline'; sandbox" {
				t.Errorf("%s %s: %s, policy %q", method, path, r.Status, got)
			}
		}
	}
}
