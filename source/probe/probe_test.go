package probe_test

import (
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mjpegazer/source/probe"
)

func TestProbe(t *testing.T) {
	camera := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch name, password, _ := r.BasicAuth(); {
		case r.URL.Path == "/still":
			w.Header().Set("Content-Type", "image/jpeg")
			jpeg.Encode(w, image.NewGray(image.Rect(0, 0, 32, 24)), nil)
		case r.URL.Path == "/page":
			w.Write([]byte("<html>canary"))
		case r.URL.Path == "/odd":
			w.Header().Set("Content-Type", "multipart/x-mixed-replace;boundary=foo")
			for range 3 {
				w.Write([]byte("--bar\r\nContent-Type: image/canary\r\n\r\n"))
				jpeg.Encode(w, image.NewGray(image.Rect(0, 0, 32, 24)), nil)
			}
		case r.URL.Path == "/bare":
			w.Header().Set("Content-Type", "application/x-\u202e\x1bstream")
			for range 3 {
				jpeg.Encode(w, image.NewGray(image.Rect(0, 0, 32, 24)), nil)
			}
		case r.URL.Path == "/cut":
			w.Header().Set("Content-Type", "multipart/x-mixed-replace;boundary=x")
			for range 3 {
				w.Write([]byte("--x\r\nContent-Type: image/jpeg\r\n\r\n"))
				jpeg.Encode(w, image.NewGray(image.Rect(0, 0, 32, 24)), nil)
				w.Write([]byte("\r\n--x\r\nno header\r\n\r\n"))
			}
		case name != "canary1" || password != "canary2":
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.Header().Set("Content-Type", "multipart/x-mixed-replace;boundary=x")
			w.Header().Set("Server", "play")
			for range 3 {
				w.Write([]byte("--x\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\n"))
				jpeg.Encode(w, image.NewGray(image.Rect(0, 0, 32, 24)), nil)
				w.Write([]byte("\r\n"))
				http.NewResponseController(w).Flush()
				time.Sleep(10 * time.Millisecond)
			}
			w.Write([]byte("--x--\r\n"))
		}
	}))
	defer camera.Close()
	host := strings.TrimPrefix(camera.URL, "http://")
	for _, test := range []struct {
		args   []string
		status int
		want   []string
	}{
		{nil, 2, []string{"usage: mjpegazer probe SOURCE"}},
		{[]string{"-h"}, 0, []string{"usage: mjpegazer probe SOURCE"}},
		{[]string{"gopher://x"}, 2, []string{"not a source"}},
		{[]string{"small=camera:door#width=64"}, 2, []string{"probe the SOURCE of that one"}},
		{[]string{camera.URL + "/page"}, 1, []string{"answer", "200 OK", "failed the camera sent a web page"}},
		{[]string{camera.URL + "/still"}, 0, []string{
			"pictures 1, 32×24", "unchanged answered every time, always with the same picture",
			"plain reader a plain multipart reader does not read it: the camera sends single pictures", "It works.",
		}},
		{[]string{camera.URL + "/odd"}, 0, []string{"pictures 3", "does not read it: the delimiter that the Content-Type names does not come"}},
		{[]string{camera.URL + "/bare"}, 0, []string{"pictures 3", "does not read it: the Content-Type is missing or malformed", "application/x-stream"}},
		{[]string{camera.URL + "/cut"}, 0, []string{"pictures 3", "does not read it: the head of a part is malformed"}},
		{[]string{camera.URL}, 1, []string{"401 Unauthorized", "failed the camera requires a login"}},
		{[]string{"door=http://canary1:canary2@" + host + "/video?canary3#insecure"}, 0, []string{
			"http://" + host + "/video reached " + host, "login Basic", "server play",
			"pictures 3, 32×24", "plain reader a plain multipart reader reads it, too", "ended the camera ended its stream",
			"rate not known: all came at once", "To show it: mjpegazer 'http://canary1:canary2@" + host + "/video?canary3#insecure'",
		}},
	} {
		var stdout, stderr strings.Builder
		status := probe.Main(test.args, &stdout, &stderr)
		said := strings.Join(strings.Fields(stdout.String()+stderr.String()), " ")
		if status != test.status {
			t.Errorf("%q: status %d, want %d: %s", test.args, status, test.status, said)
		}
		for _, want := range test.want {
			if !strings.Contains(said, want) {
				t.Errorf("%q: no %q in %s", test.args, want, said)
			}
		}
		said, _, _ = strings.Cut(said, "It works.") // what follows is what was typed
		if strings.Contains(said, "canary") || strings.ContainsAny(said, "\x1b\u202e") {
			t.Errorf("%q: %s", test.args, said)
		}
	}
}
