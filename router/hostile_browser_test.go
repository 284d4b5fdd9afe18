package router_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
	"mjpegazer/test/browser"
)

// hostile are pictures that hold a delimiter, and behind it a page with a script, in all the places where a JPEG may hold text.
func hostile(delimiter string) map[string][]byte {
	p := streamtest.Picture(1)
	text := "\r\n" + delimiter + "\r\nContent-Type: text/html\r\nContent-Security-Policy: default-src * 'unsafe-inline'\r\n\r\n" +
		"<!doctype html><p>hostile<script>navigator.sendBeacon('/ran' + location.pathname + location.search)</script>"
	comment := string([]byte{0xFF, 0xFE, byte((len(text) + 2) >> 8), byte(len(text) + 2)}) + text
	scan := bytes.Index(p, []byte{0xFF, 0xDA}) + 10
	return map[string][]byte{
		"soi":  slices.Concat(p[:2], []byte(comment), p[2:]),
		"eoi":  slices.Concat(p[:len(p)-2], []byte(comment), p[len(p)-2:]),
		"scan": slices.Concat(p[:scan], []byte(text), p[scan:]),
	}
}

// A weakened handler sends pictures that hold "--FRAME" with the delimiter in its place.
type weakened struct {
	http.Handler
	noPolicy bool

	mu  sync.Mutex
	ran map[string]bool // addresses whose scripts have run
}

func (h *weakened) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if address, ok := strings.CutPrefix(r.URL.RequestURI(), "/ran"); ok {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.ran[address] = true
		return
	}
	if r.URL.Path == "/blank" {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>blank</title><body>")
		return
	}
	r.Header.Set("Accept", map[string]string{"open": "image/*"}[r.FormValue("form")])
	h.Handler.ServeHTTP(&weakenedWriter{w, h}, r)
}

func (h *weakened) has(address string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ran[address]
}

type weakenedWriter struct {
	http.ResponseWriter
	handler *weakened
}

func (w *weakenedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *weakenedWriter) Write(p []byte) (int, error) {
	if w.handler.noPolicy {
		w.Header().Del("Content-Security-Policy")
	}
	return w.ResponseWriter.Write(bytes.ReplaceAll(p, []byte("--FRAME"), []byte("--frame")))
}

// addresses are all hostile streams, in both forms.
func addresses(seenIn string) (all []string) {
	for _, camera := range []string{"eoi", "scan", "soi"} {
		for _, form := range []string{"framed", "open"} {
			all = append(all, fmt.Sprintf("/%s/live?form=%s&in=%s", camera, form, seenIn))
		}
	}
	return all
}

// A camera's pictures may hold what they like: nothing of it runs, in whatever form and place they are shown. Firefox alone
// takes a delimiter within a picture for one. Here the pictures do hold it, on their way behind all that keeps it out.
func TestNoScriptOfACameraRuns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		runs bool
	}{{"as it is", false}, {"without a policy", true}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			page := browser.Open(t, browser.Firefox)
			var cameras []router.Camera
			for _, name := range slices.Sorted(maps.Keys(hostile(""))) {
				camera := &streamtest.Camera{Interval: 500 * time.Millisecond, JPEG: func(int, time.Time) []byte { return hostile("--FRAME")[name] }}
				s := open(t, camera, stream.Options{})
				cameras = append(cameras, router.Camera{Name: name, Stream: s})
			}
			h := &weakened{Handler: router.New(cameras, router.Options{}), noPolicy: test.runs, ran: map[string]bool{}}
			server := serve(t, h)
			page.Go(server.URL + "/blank")
			page.Want(`document.title`, "blank")
			for _, address := range addresses("document") {
				page.Eval(fmt.Sprintf(`(window.seen = open('%s', '_blank', 'popup'), '')`, address))
				h.see(t, address, test.runs)
				page.Eval(`window.seen.close()`)
			}
			for _, address := range addresses("frame") {
				page.Eval(fmt.Sprintf(`document.body.append(window.seen = Object.assign(document.createElement('iframe'), {src: '%s'}))`, address))
				h.see(t, address, test.runs)
				page.Eval(`window.seen.remove()`)
			}
		})
	}
}

// see waits until a stream has been shown for long enough, or until its script has run.
func (h *weakened) see(t *testing.T, address string, runs bool) {
	t.Helper()
	patience := 1500 * time.Millisecond // thirty times what a script that runs needs on an idle machine
	if runs {
		patience = 20 * time.Second
	}
	begun := time.Now()
	for time.Since(begun) < patience && !h.has(address) {
		time.Sleep(20 * time.Millisecond)
	}
	if h.has(address) != runs {
		t.Errorf("%s: its script has run: %v, want %v", address, h.has(address), runs)
	}
}
