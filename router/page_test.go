package router_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mjpegazer/router"
	"mjpegazer/router/access"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// sixCameras are a to f, of which c cannot be reached.
func sixCameras(t *testing.T) []router.Camera {
	t.Helper()
	var cameras []router.Camera
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		source := &streamtest.Camera{Interval: 100 * time.Millisecond}
		if name == "c" {
			source = dead()
		}
		s := open(t, source, stream.Options{Stall: time.Second})
		cameras = append(cameras, router.Camera{Name: name, Stream: s, Address: "http://" + name + ".example/video"})
	}
	return cameras
}

func body(t *testing.T, url string) string {
	t.Helper()
	b, err := io.ReadAll(get(t, "GET", url).Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// matches are the first groups of a pattern's matches.
func matches(pattern, text string) []string {
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

func TestPageWithoutAScript(t *testing.T) {
	page := body(t, serve(t, router.New(sixCameras(t), router.Options{})).URL+"/")
	want := []string{"a/live", "b/live", "c/live", "d/live", "e/snapshot", "f/snapshot"}
	if got := matches(`<img src="([^"]*)" alt="[^"]+"`, page); !slices.Equal(got, want) {
		t.Errorf("pictures are %q, want %q", got, want)
	}
	if n := strings.Count(page, "<img"); n != len(want) {
		t.Errorf("%d pictures, want %d", n, len(want))
	}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		for _, part := range []string{
			`<article class="camera" id="` + name + `" data-state="idle"`, `<h2>` + name + `</h2>`,
			`href="` + name + `/live"`, `href="` + name + `/snapshot"`, `>http://` + name + `.example/video<`,
		} {
			if n := strings.Count(page, part); n != 1 {
				t.Errorf("%s: %d times on the page, want once", part, n)
			}
		}
	}
}

func TestPageTellsWhyACameraIsDown(t *testing.T) {
	refused := stream.SourceFunc(func(context.Context, func(stream.Picture)) error {
		return stream.RetryAfter(errors.New("the log-in was refused"), 30*time.Second)
	})
	server := serve(t, router.New([]router.Camera{{Name: "hall", Stream: open(t, refused, stream.Options{Keep: true})}}, router.Options{}))
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		page := body(t, server.URL+"/")
		if strings.Contains(page, `data-state="down"`) {
			if !regexp.MustCompile(`class="reason" data-field="last_error">the log-in was refused<`).MatchString(page) ||
				!regexp.MustCompile(`class="next">next try in <span data-field="retry_seconds">(29|30)</span> s`).MatchString(page) {
				t.Errorf("the page does not say why, or until when:\n%s", page)
			}
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the camera is not down:\n%s", page)
		}
	}
}

// Everything the page names is there, wherever it is mounted.
func TestPageLinks(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/house/cams/", http.StripPrefix("/house/cams", router.New(sixCameras(t), router.Options{})))
	server := serve(t, mux)
	base, _ := url.Parse(server.URL + "/house/cams/")
	links := matches(`(?:href|src|action|srcset|poster)="([^"]*)"`, body(t, base.String()))
	if len(links) < 6*4 {
		t.Fatalf("only %d links: %q", len(links), links)
	}
	for _, link := range links {
		u, err := base.Parse(link)
		if err != nil || !strings.HasPrefix(u.Path, base.Path) || strings.HasPrefix(link, "/") || strings.Contains(link, ":") {
			t.Errorf("link %q is not relative", link)
			continue
		}
		u.Fragment = ""
		if r := get(t, "HEAD", u.String()); r.StatusCode != http.StatusOK {
			t.Errorf("link %q: %s", link, r.Status)
		}
	}
}

func TestPageHeaders(t *testing.T) {
	server := serve(t, router.New(sixCameras(t), router.Options{}))
	for _, method := range []string{"GET", "HEAD"} {
		r := get(t, method, server.URL+"/")
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "no-referrer", "X-Frame-Options": "",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", method, name, got, want)
			}
		}
		policy := r.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "frame-ancestors") {
			t.Errorf("%s: policy %q", method, policy)
		}
	}
	page := body(t, server.URL+"/")
	if found := regexp.MustCompile(`<style|<script>|<script [^s]| style=| on[a-z]+=|javascript:`).FindString(page); found != "" {
		t.Errorf("the policy forbids %q", found)
	}
}

// TestPageExternalURL: the page may look for other servers, and has what lets its viewer in there, only where it has an address to go
// back to, and a token.
func TestPageExternalURL(t *testing.T) {
	for _, test := range []struct {
		options router.Options
		pass    bool
	}{
		{router.Options{}, false},
		{router.Options{Access: &access.Control{Token: openToken(t)}}, false},
		{router.Options{ExternalURL: "http://cameras.example/"}, false},
		{router.Options{ExternalURL: "http://cameras.example/", Access: &access.Control{}}, false},
		{router.Options{ExternalURL: "http://cameras.example/", Access: &access.Control{Token: openToken(t)}}, true},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+rightToken)
		w := httptest.NewRecorder()
		router.New(nil, test.options).ServeHTTP(w, r)
		page := w.Body.String()
		pass := matches(`data-pass="token=([0-9a-f]{20,})"`, page)
		if (len(pass) > 0) != test.pass || strings.Contains(page, rightToken) {
			t.Errorf("%+v: %s", test.options, page)
		}
		if got := matches(`data-external="([^"]*)"`, page); !slices.Equal(got, []string{test.options.ExternalURL}) {
			t.Errorf("the address is %q", got)
		}
		policy := w.Header().Get("Content-Security-Policy")
		if strings.HasSuffix(policy, "connect-src 'self' http: https:") != (test.options.ExternalURL != "") {
			t.Errorf("%+v: policy %q", test.options, policy)
		}
		if len(pass) == 0 {
			continue
		}
		r = httptest.NewRequest("GET", "/?token="+pass[0], nil) // by the redirect of another site
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("Sec-Fetch-Dest", "document")
		w = httptest.NewRecorder()
		router.New(nil, test.options).ServeHTTP(w, r)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `data-query="?token=`+pass[0]) {
			t.Errorf("let in elsewhere: %d %s", w.Code, w.Body)
		}
	}
}

func TestPageEscapes(t *testing.T) {
	const hostile = `"><script>alert('x')</script><img src=x onerror=alert(1)>`
	told := make(chan struct{})
	camera := stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
		emit(stream.Picture{Facts: map[string]string{hostile: hostile}})
		select {
		case <-told:
		default:
			defer close(told)
		}
		return stream.RetryAfter(errors.New(hostile), time.Minute)
	})
	s := open(t, camera, stream.Options{Keep: true})
	<-told
	server := serve(t, router.New([]router.Camera{{Name: "hall", Stream: s, Address: hostile}}, router.Options{}))
	var page string
	for end := time.Now().Add(5 * time.Second); !strings.Contains(page, `data-state="down"`) && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		page = body(t, server.URL+"/")
	}
	if strings.Contains(page, "<script>") || strings.Contains(page, "<img src=x") || strings.Contains(page, `"">`) {
		t.Errorf("hostile text is not escaped:\n%s", page)
	}
	if n := strings.Count(page, "&lt;script&gt;"); n != 5 { // the reason, the address and its title, a fact and its name
		t.Errorf("hostile text is shown %d times, want 5:\n%s", n, page)
	}
}

func TestAssets(t *testing.T) {
	server := serve(t, router.New(sixCameras(t), router.Options{}))
	links := matches(`(?:href|src)="(assets/[^"]*)"`, body(t, server.URL+"/"))
	types := map[string]string{"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
	if len(links) != len(types) {
		t.Fatalf("assets are %q", links)
	}
	for _, link := range links {
		path, _, _ := strings.Cut(link, "?")
		want := types[path[strings.LastIndexByte(path, '.')+1:]]
		r := get(t, "GET", server.URL+"/"+link)
		content, _ := io.ReadAll(r.Body)
		if r.StatusCode != 200 || len(content) == 0 || r.Header.Get("Content-Type") != want || r.Header.Get("X-Content-Type-Options") != "nosniff" ||
			r.Header.Get("Cache-Control") != "max-age=31536000, immutable" {
			t.Errorf("%s: %s, %d bytes, %v", link, r.Status, len(content), r.Header)
		}
		if again := get(t, "GET", server.URL+"/"+link, "If-None-Match", r.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s, asked again: %s", link, again.Status)
		}
		// Under any other address it may be another version's.
		if plain := get(t, "HEAD", server.URL+"/"+path+"?old"); plain.StatusCode != 200 || plain.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s?old: %s, %v", path, plain.Status, plain.Header)
		}
	}
	for _, path := range []string{"/assets/", "/assets/index.html", "/assets/../page.go", "/assets/nothing.js", "/assets/x/page.js"} {
		if r := get(t, "GET", server.URL+path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
}

func TestColumnsAndRows(t *testing.T) {
	for n, want := range map[int][]string{1: {"1", "1"}, 2: {"2", "1"}, 4: {"2", "2"}, 5: {"3", "2"}, 12: {"4", "3"}, 13: {"4", "4"}} {
		var cameras []router.Camera
		for i := range n {
			cameras = append(cameras, router.Camera{Name: fmt.Sprint(i), Stream: open(t, dead(), stream.Options{})})
		}
		w := httptest.NewRecorder()
		router.New(cameras, router.Options{}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		page := w.Body.String()
		got := append(matches(`data-columns="(\d+)"`, page), matches(`data-rows="(\d+)"`, page)...)
		if !slices.Equal(got, want) {
			t.Errorf("%d cameras: %q, want %q", n, got, want)
		}
	}
}
