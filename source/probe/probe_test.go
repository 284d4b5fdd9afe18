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
		case name != "canary1" || password != "canary2":
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.Header().Set("Content-Type", "multipart/x-mixed-replace;boundary=x")
			w.Header().Set("Server", "play")
			for range 3 {
				w.Write([]byte("--x\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\n"))
				jpeg.Encode(w, image.NewGray(image.Rect(0, 0, 32, 24)), nil)
				http.NewResponseController(w).Flush()
				time.Sleep(10 * time.Millisecond)
			}
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
		{[]string{camera.URL + "/page"}, 1, []string{"answer", "200 OK", "failed the camera sent a web page"}},
		{[]string{camera.URL + "/still"}, 0, []string{
			"pictures 1, 32×24", "unchanged answered every time, always with the same picture", "It works.",
		}},
		{[]string{camera.URL}, 1, []string{"401 Unauthorized", "failed the camera requires a login"}},
		{[]string{"door=http://canary1:canary2@" + host + "/video?canary3#insecure"}, 0, []string{
			"http://" + host + "/video reached " + host, "login Basic", "server play",
			"pictures 3, 32×24", "a second", "ended the camera ended its stream", "mjpegazer 'http://USER:PASSWORD@" + host + "/video?…#…'",
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
		if strings.Contains(said, "canary") {
			t.Errorf("%q: %s", test.args, said)
		}
	}
}
