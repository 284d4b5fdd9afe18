package router_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"golang.org/x/crypto/bcrypt"

	"mjpegazer/router"
	"mjpegazer/router/access"
	"mjpegazer/stream"
)

// newRights is access control with users ann and ben, a token for all and a named one.
func newRights(t *testing.T, viewers map[string][]string) *access.Control {
	t.Helper()
	directory := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var lines string
	for _, name := range []string{"ann", "ben"} {
		hash, err := bcrypt.GenerateFromPassword([]byte(name), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		lines += name + ":" + string(hash) + "\n"
	}
	users, err := access.OpenUsers(file("users", lines), nil)
	if err != nil {
		t.Fatal(err)
	}
	control := &access.Control{Users: users, Viewers: viewers, Tokens: map[string]*access.Token{}}
	if control.Token, err = access.OpenToken(file("token", "all"), nil); err != nil {
		t.Fatal(err)
	}
	if control.Tokens["screen"], err = access.OpenToken(file("screen", "wall"), nil); err != nil {
		t.Fatal(err)
	}
	return control
}

// logins are the headers of all who are let in, and of one who is not.
var logins = map[string]string{
	"ann": "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:ann")), "ben": "Basic " + base64.StdEncoding.EncodeToString([]byte("ben:ben")),
	"screen": "Bearer wall", "all": "Bearer all", "nobody": "",
}

// TestRights walks all routes, as all users, for all cameras: a camera that somebody may not see is for him as one that does not
// exist, and named nowhere.
func TestRights(t *testing.T) {
	viewers := map[string][]string{"private": {"ann", "screen"}, "closed": {}, "thumb": {"ann", "screen"}}
	cameras := []router.Camera{
		{Name: "private", Title: "Private title", Stream: open(t, still(1), stream.Options{}), Address: "http://private.address/"},
		{Name: "lobby", Stream: open(t, still(2), stream.Options{})},
		{Name: "closed", Title: "Closed title", Stream: open(t, still(3), stream.Options{}), Address: "http://closed.address/"},
		{Name: "thumb", VariantOf: "private", Stream: open(t, still(5), stream.Options{}), Address: "camera:private"},
	}
	extra := router.Camera{Name: "extra", Stream: open(t, still(4), stream.Options{})}
	handler := router.New(cameras, router.Options{Access: newRights(t, viewers), Lookup: func(name string) (router.Camera, bool) {
		extra := extra
		extra.Name = name
		return extra, strings.HasPrefix(name, "extra")
	}})
	server := serve(t, handler)
	allowed := map[string][]string{
		"private": {"ann", "screen", "all"}, "lobby": {"ann", "ben", "screen", "all"}, "closed": {"all"}, "thumb": {"ann", "screen", "all"}, "extra": {"ann", "ben", "screen", "all"},
	}
	var routes []string
	chi.Walk(handler.(chi.Routes), func(_, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if !slices.Contains(routes, route) {
			routes = append(routes, route)
		}
		return nil
	})
	ask := func(method, path, who string) (code int, body string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if logins[who] != "" {
			request.Header.Set("Authorization", logins[who])
		}
		transport := &http.Transport{DisableKeepAlives: true}
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text := make([]byte, 20_000)
		n, _ := io.ReadAtLeast(response.Body, text, 300) // a stream has no end
		return response.StatusCode, string(text[:n])
	}
	for _, route := range routes {
		for who := range logins {
			for camera, may := range allowed {
				path := strings.NewReplacer("{name}", camera, "*", "page.js").Replace(route)
				for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
					code, body := ask(method, path, who)
					sees := slices.Contains(may, who)
					if !sees && (strings.Contains(body, camera) || strings.Contains(body, camera+" title")) && !strings.HasPrefix(path, "/assets/") && who != "nobody" {
						t.Errorf("%s %s as %s names the camera %s: %d %.200s", method, path, who, camera, code, body)
					}
					if !strings.HasPrefix(path, "/"+camera+"/") && path != "/"+camera {
						continue
					}
					_, open := viewers[camera]
					unknownCode, unknownBody := ask(method, strings.Replace(path, camera, "unknown", 1), who)
					switch {
					case sees && (code == http.StatusNotFound || code == http.StatusUnauthorized):
						t.Errorf("%s %s as %s: %d", method, path, who, code)
					case !sees && who == "nobody" && !open && strings.HasSuffix(path, "/health"): // for everybody
					case !sees && (code != unknownCode || strings.ReplaceAll(body, camera, "unknown") != unknownBody):
						t.Errorf("%s %s as %s: %d %q, but of an unknown camera %d %q", method, path, who, code, body, unknownCode, unknownBody)
					}
				}
			}
		}
	}
	if len(routes) < 15 {
		t.Errorf("%d routes: %q", len(routes), routes)
	}
}

// The first camera, and those by number, are counted among those that somebody may see.
func TestFirstVisible(t *testing.T) {
	cameras := []router.Camera{
		{Name: "closed", Stream: open(t, still(1), stream.Options{})}, {Name: "private", Stream: open(t, still(2), stream.Options{})},
		{Name: "lobby", Stream: open(t, still(3), stream.Options{})},
	}
	server := serve(t, router.New(cameras, router.Options{Access: newRights(t, map[string][]string{"closed": nil, "private": {"ann"}})}))
	snapshot := func(path, who string) string {
		t.Helper()
		request, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL+path, nil)
		request.Header.Set("Authorization", logins[who])
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		for i, c := range cameras {
			if string(body) == string(lastOf(t, c.Stream)) {
				return cameras[i].Name
			}
		}
		return fmt.Sprint(response.StatusCode)
	}
	for who, want := range map[string][3]string{"all": {"closed", "private", "lobby"}, "ann": {"private", "lobby", "404"}, "ben": {"lobby", "404", "404"}} {
		for i, path := range []string{"/snapshot", "/?action=snapshot_1", "/?action=snapshot_2"} {
			if got := snapshot(path, who); got != want[i] {
				t.Errorf("%s as %s: %s, want %s", path, who, got, want[i])
			}
		}
	}
}

// lastOf is the newest picture of a still camera.
func lastOf(t *testing.T, s *stream.Stream) []byte {
	t.Helper()
	v := s.View(stream.ViewerOptions{})
	defer v.Close()
	f, err := v.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return f.JPEG()
}

// TestLookup serves cameras that are not in the list, and not for ever.
func TestLookup(t *testing.T) {
	late := open(t, still(1), stream.Options{})
	there := true
	handler := router.New([]router.Camera{{Name: "door", Stream: open(t, still(2), stream.Options{})}}, router.Options{
		Lookup: func(name string) (router.Camera, bool) {
			if name == "door" || name == "live" {
				t.Errorf("%s is looked up", name)
			}
			return router.Camera{Name: name, Stream: late}, there && name == "late"
		},
	})
	server := serve(t, handler)
	for path, want := range map[string]int{
		"/late/live": 200, "/late/snapshot": 200, "/late/snapshot.jpg": 200, "/late/health": 200, "/door/live": 200, "/other/live": 404, "/late/other": 404,
		"/lat%65/live": 404, "/live/live": 404, "/..late/live": 404,
	} {
		if r := get(t, "GET", server.URL+path); r.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, r.Status, want)
		}
	}
	there = false
	if r := get(t, "GET", server.URL+"/late/live"); r.StatusCode != http.StatusNotFound {
		t.Errorf("a camera that has gone: %s", r.Status)
	}
}
