package router_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router"
	"mjpegazer/router/access"
	"mjpegazer/stream"
)

// TestAnonymousRoutes asks at every route without a login: it shows the anonymous cameras, and asks to log in for all else, so that
// it is not known what there is.
func TestAnonymousRoutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler, _ := newHouse(t, func(c *access.Control) { c.Anonymous = []string{"small"} })
		shown := []string{"/", "/?action=stream", "/status", "/wall", "/live", "/snapshot", "/stream", "/small/live", "/small/snapshot", "/wall?camera=small", "/status?camera=small", "/health", "/healthz", "/small/health", "/assets/page.js"}
		for _, path := range routesOf(handler) {
			for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
				code, body, header := said(handler, method, path, "")
				if names(body, "small") {
					t.Errorf("%s %s names other cameras: %d %.300s", method, path, code, body)
				}
				if asks := len(header.Values("WWW-Authenticate")) > 0; asks != (code == http.StatusUnauthorized) || asks && slices.Contains(shown, path) {
					t.Errorf("%s %s: %d, asks to log in: %v", method, path, code, asks)
				}
				if method == "GET" && slices.Contains(shown, path) && code != http.StatusOK {
					t.Errorf("%s %s: %d %s", method, path, code, body)
				}
			}
		}
		for _, camera := range []string{"private", "vault", "extra"} { // as if there were none
			for _, path := range []string{"", "/", "/live", "/snapshot", "/nope"} {
				code, body, header := said(handler, "GET", "/"+camera+path, "")
				code2, body2, header2 := said(handler, "GET", "/unknown"+path, "")
				if code != code2 || body != body2 || len(header) != len(header2) {
					t.Errorf("/%s%s: %d %q, of an unknown camera %d %q", camera, path, code, body, code2, body2)
				}
			}
		}
		if _, page, _ := said(handler, "GET", "/", ""); !strings.Contains(page, `<a href="login">`) {
			t.Errorf("the page has no way to log in:\n%s", page)
		}
		if _, page, _ := said(handler, "GET", "/", logins["ann"]); strings.Contains(page, `<a href="login">`) {
			t.Error("the page asks to log in again")
		}
		if code, _, header := said(handler, "GET", "/login", logins["ann"]); code != http.StatusSeeOther || header.Get("Location") != "./" {
			t.Errorf("after the login: %d to %s", code, header.Get("Location"))
		}
		for _, who := range []string{"ann", "ben", "all"} {
			if code, _, _ := said(handler, "GET", "/small/snapshot", logins[who]); code != http.StatusOK {
				t.Errorf("an anonymous camera as %s: %d", who, code)
			}
		}
	})
}

// A camera that somebody may not see is answered in every way as one that does not exist, headers included.
func TestRestrictedIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler, _ := newHouse(t, func(*access.Control) {})
		for _, path := range []string{"/NAME", "/NAME/", "/NAME?x", "/NAME/live", "/NAME/live.mjpg", "/NAME/snapshot", "/NAME/snapshot.jpg", "/NAME/health", "/NAME/nope", "/NAME//live", "/NAME/live/",
			"/wall?camera=NAME", "/status?camera=NAME", "/wall?camera=lobby&camera=NAME", "/NAME?token=x", "/NAME/?action=stream", "/NAME/assets/page.js"} {
			for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "PROPFIND", "TRACE", "CONNECT", "get"} {
				for _, who := range []string{"ben", "screen", ""} {
					for _, camera := range []string{"private", "small", "vault"} {
						code, body, header := said(handler, method, strings.Replace(path, "NAME", camera, 1), logins[who])
						code2, body2, header2 := said(handler, method, strings.Replace(path, "NAME", "unknown", 1), logins[who])
						same := code == code2 && strings.ReplaceAll(body, camera, "unknown") == body2 && len(header) == len(header2)
						for name := range header2 {
							same = same && strings.ReplaceAll(header.Get(name), camera, "unknown") == header2.Get(name)
						}
						if !same {
							t.Errorf("%s %s as %q: %d %v %q, of an unknown camera %d %v %q", method, path, who, code, header, body, code2, header2, body2)
						}
					}
				}
			}
		}
	})
}

// A variant that more people may see than its camera does not name the camera.
func TestVariantDoesNotNameItsCamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		control := newRights(t, map[string][]string{"vault": {}})
		cameras := []router.Camera{
			{Name: "vault", Stream: open(t, still(1), stream.Options{})},
			{Name: "blurred", VariantOf: "vault", Address: "camera:vault", Stream: open(t, still(2), stream.Options{})},
		}
		handler := router.New(cameras, router.Options{Access: control})
		for _, path := range []string{"/", "/status", "/status?camera=blurred", "/wall", "/nope", "/blurred/nope", "/?action=stream_7"} {
			code, body, header := said(handler, "GET", path, logins["ann"])
			if strings.Contains(body, "vault") || path == "/" && !strings.Contains(body, "blurred") {
				t.Errorf("%s: %d %s", path, code, body)
			}
			if header.Get("Cache-Control") != "no-store" { // or a cache shows it to others
				t.Errorf("%s: %d may be stored", path, code)
			}
		}
		if _, body, _ := said(handler, "GET", "/status?camera=blurred", logins["all"]); !strings.Contains(body, `"variant_of": "vault"`) || !strings.Contains(body, "camera:vault") {
			t.Errorf("%s", body)
		}
	})
}

// Nobody learns from the configuration's mistakes which cameras there are.
func TestMistakesNameNoCameras(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrongVault := func() (at, successful time.Time, mistakes []string) {
			return time.Now(), time.Time{}, []string{"the vault is wrong"}
		}
		control := newRights(t, nil)
		control.Links, _ = access.OpenLinks(writeFile(t, strings.Repeat("k", 32)), nil)
		alone := router.New([]router.Camera{{Name: "lobby", Stream: open(t, still(1), stream.Options{})}}, router.Options{Access: control, Reloaded: wrongVault})
		if _, body, _ := said(alone, "GET", "/status?camera=lobby&"+control.Links.Sign("lobby", access.Page, time.Now().Add(time.Hour)), ""); strings.Contains(body, "vault") || !strings.Contains(body, "lobby") {
			t.Errorf("by a link to the only camera: %s", body)
		}
		control.Viewers = map[string][]string{"vault": {}}
		cameras := []router.Camera{{Name: "lobby", Stream: open(t, still(1), stream.Options{})}, {Name: "vault", Stream: open(t, still(2), stream.Options{})}}
		handler := router.New(cameras, router.Options{Access: control, Reloaded: wrongVault})
		if _, body, _ := said(handler, "GET", "/status", logins["ann"]); strings.Contains(body, "vault") || !strings.Contains(body, `"successful": false`) {
			t.Errorf("%s", body)
		}
		if _, body, _ := said(handler, "GET", "/status", logins["all"]); !strings.Contains(body, "the vault is wrong") {
			t.Errorf("%s", body)
		}
		if _, body, _ := said(handler, "GET", "/status?camera=lobby&"+control.Links.Sign("lobby", access.Page, time.Now().Add(time.Hour)), ""); strings.Contains(body, "vault") {
			t.Errorf("by a link: %s", body)
		}
		if code, body, _ := said(handler, "GET", "/status?camera=lobby", logins["all"]); code != 200 || strings.Contains(body, `"vault"`) {
			t.Errorf("%d %s", code, body)
		}
		if code, body, _ := said(handler, "GET", "/status?camera=vault", logins["ann"]); code != 404 || strings.Contains(body, "vault") {
			t.Errorf("%d %s", code, body)
		}
	})
}
