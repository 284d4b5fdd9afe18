package router_test

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5"

	"mjpegazer/router"
	"mjpegazer/router/access"
	"mjpegazer/stream"
)

// newHouse serves three cameras and one that is looked up, of which ann may see all but the vault.
func newHouse(t *testing.T, change func(*access.Control)) (handler http.Handler, control *access.Control) {
	t.Helper()
	control = newRights(t, map[string][]string{"private": {"ann"}, "small": {"ann"}, "vault": {}})
	var err error
	if control.Links, err = access.OpenLinks(writeFile(t, strings.Repeat("k", 32)), nil); err != nil {
		t.Fatal(err)
	}
	change(control)
	cameras := []router.Camera{
		{Name: "lobby", Stream: open(t, still(1), stream.Options{})},
		{Name: "private", Title: "Private title", Stream: open(t, still(2), stream.Options{}), Address: "http://private.address/"},
		{Name: "small", VariantOf: "private", Stream: open(t, still(3), stream.Options{})},
		{Name: "vault", Title: "Vault title", Stream: open(t, still(4), stream.Options{})},
	}
	extra := router.Camera{Name: "extra", Stream: open(t, still(5), stream.Options{})}
	return router.New(cameras, router.Options{Access: control, Lookup: func(name string) (router.Camera, bool) {
		return extra, name == "extra"
	}}), control
}

var houseCameras = []string{"lobby", "private", "small", "vault", "extra", "unknown"}

// routesOf are the paths of all routes, for all cameras, and some that are like them.
func routesOf(handler http.Handler) []string {
	routes := []string{"/", "/%2e%2e/", "//", "/private//live", "/private/./live", "/%70rivate/live", "/private%2Flive", "/lobby/../private/live", "/private", "/private/", "/private/nope", "/?action=stream_1"}
	chi.Walk(handler.(chi.Routes), func(_, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		for _, camera := range houseCameras {
			path := strings.NewReplacer("{name}", camera, "*", "page.js").Replace(route)
			if routes = append(routes, path); path == "/wall" || path == "/status" {
				routes = append(routes, path+"?camera="+camera, path+"?camera=private&camera="+camera)
			}
		}
		return nil
	})
	slices.Sort(routes)
	return slices.Compact(routes)
}

// said is what a handler says to a request that is cut after a second. It is run in a bubble of synctest.
func said(h http.Handler, method, path string, login string) (code int, body string, header http.Header) {
	ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, method, path, nil)
	if login != "" {
		r.Header.Set("Authorization", login)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Header()
}

// names reports whether a text has another camera's name or title than this one's.
func names(text, camera string) bool {
	for _, other := range houseCameras[:4] {
		if other != camera && (strings.Contains(text, other) || strings.Contains(text, strings.ToUpper(other[:1])+other[1:]+" title")) {
			return true
		}
	}
	return false
}

// TestLinkRoutes asks at every route, by every kind of link to every camera, in every method: it opens what it is for, and nothing
// else names a camera.
func TestLinkRoutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler, control := newHouse(t, func(*access.Control) {})
		lives := []string{"live", "live.mjpg", "live.mjpeg", "stream.mjpg", "stream.mjpeg"}
		for _, camera := range []string{"private", "vault", "extra"} {
			opens := map[access.Kind][]string{}
			for _, live := range lives {
				opens[access.Live] = append(opens[access.Live], "/"+camera+"/"+live)
			}
			opens[access.Snapshot] = []string{"/" + camera + "/snapshot", "/" + camera + "/snapshot.jpg"}
			opens[access.Page] = slices.Concat(opens[access.Live], opens[access.Snapshot], []string{"/" + camera + "/", "/" + camera, "/wall?camera=" + camera, "/status?camera=" + camera})
			for kind, allowed := range opens {
				link := control.Links.Sign(camera, kind, time.Now().Add(time.Hour))
				for _, path := range routesOf(handler) {
					address := path + "?" + link
					if strings.Contains(path, "?") {
						address = path + "&" + link
					}
					for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
						code, body, header := said(handler, method, address, "")
						openToAll := strings.HasPrefix(path, "/assets/") || strings.HasSuffix(path, "/health") || path == "/health" || path == "/healthz"
						switch {
						case openToAll && code != http.StatusForbidden:
						case slices.Contains(allowed, path):
							lookedUp := camera == "extra" && strings.Contains(path, "?") // they show no such cameras
							page := strings.Trim(path, "/") == camera                    // where there is none it is not found
							if code == http.StatusForbidden || code == http.StatusUnauthorized || names(body, camera) || method == "GET" && code != 200 && !lookedUp && !page {
								t.Errorf("%s %s by a link to %s of %s: %d %.200s", method, path, kind, camera, code, body)
							}
						case code != http.StatusForbidden || names(body, ""):
							t.Errorf("%s %s by a link to %s of %s: %d %.200s", method, path, kind, camera, code, body)
						}
						if header.Get("Referrer-Policy") != "no-referrer" {
							t.Errorf("%s %s: the link may go on as Referer", method, path)
						}
					}
				}
			}
		}
	})
}

// The page of a camera that a link opens has addresses that the same link opens, and no others.
func TestPageByALink(t *testing.T) {
	handler, control := newHouse(t, func(*access.Control) {})
	mux := http.NewServeMux()
	mux.Handle("/cams/", http.StripPrefix("/cams", handler))
	server := serve(t, mux)
	for _, camera := range []string{"vault", "small"} {
		for _, path := range []string{camera, camera + "/"} {
			link := control.Links.Sign(camera, access.Page, time.Now().Add(time.Hour))
			r := get(t, "GET", server.URL+"/cams/"+path+"?"+link)
			if location, err := r.Location(); err == nil {
				r = get(t, "GET", location.String())
			}
			page, _ := io.ReadAll(r.Body)
			if r.StatusCode != 200 || names(string(page), camera) || r.Header.Get("Referrer-Policy") != "no-referrer" {
				t.Fatalf("%s: %s %s", path, r.Status, page)
			}
			addresses := matches(`(?:href|src)="([^"#][^"]*)"`, string(page))
			if len(addresses) < 6 {
				t.Errorf("%q", addresses)
			}
			for _, address := range addresses {
				u, err := r.Request.URL.Parse(html.UnescapeString(address))
				if err != nil {
					t.Fatal(err)
				}
				if r := get(t, "HEAD", u.String()); r.StatusCode != 200 {
					t.Errorf("%s: %s: %s", path, address, r.Status)
				}
			}
		}
	}
}

// The page of one camera, opened with the token, gets a cookie for all that it asks for.
func TestTokenInTheAddressOfACamera(t *testing.T) {
	site := router.New([]router.Camera{{Name: "front", Stream: open(t, still(1), stream.Options{})}}, router.Options{Access: &access.Control{Token: openToken(t)}})
	mux := http.NewServeMux()
	mux.Handle("/", site)
	mux.Handle("/cams/", http.StripPrefix("/cams", site))
	mux.Handle("/mounted/", mounted(site))
	server := serve(t, mux)
	for base, cookiePath := range map[string]string{"/": "Path=/;", "/cams/": "Path=/cams/;", "/mounted/": "Path=/mounted/;"} {
		for _, path := range []string{"front/", "front"} {
			jar, _ := cookiejar.New(nil)
			browser := &http.Client{Jar: jar}
			r, err := browser.Get(server.URL + base + path + "?token=" + rightToken)
			if err != nil {
				t.Fatal(err)
			}
			r.Body.Close()
			if r.StatusCode != 200 || r.Request.URL.RequestURI() != base+"front/" {
				t.Errorf("%s%s: %s at %s", base, path, r.Status, r.Request.URL)
			}
			for _, address := range []string{"../status", "../wall?camera=front", "snapshot", "./"} {
				if u, _ := r.Request.URL.Parse(address); u != nil {
					request, _ := http.NewRequest("HEAD", u.String(), nil)
					if r, err := browser.Do(request); err != nil || r.StatusCode != 200 {
						t.Errorf("%s%s: %s: %v %v", base, path, address, r.Status, err)
					}
				}
			}
		}
		if cookie := get(t, "GET", server.URL+base+"front/?token="+rightToken).Header.Get("Set-Cookie"); !strings.Contains(cookie, cookiePath) {
			t.Errorf("%s: %s", base, cookie)
		}
	}
}
