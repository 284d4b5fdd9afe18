package access_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router/access"
)

// Where others log in, anonymous clients see some cameras, and are asked to log in for all else.
func TestAnonymous(t *testing.T) { synctest.Test(t, testAnonymous) }

func testAnonymous(t *testing.T) {
	control := newHousehold(t).control()
	control.Anonymous = []string{"garden", "gate"}
	h := aimed(control.Handler(http.HandlerFunc(sightings)))
	for _, c := range []struct {
		path, who string
		code      int
		sees      string
	}{
		{"/", "", 200, "garden true"}, {"/garden/live", "", 200, "garden true"}, {"/door/live", "", 401, ""}, {"/unknown/live", "", 401, ""},
		{"/", "bob", 200, "garden false"}, {"/door/live", "bob", 200, "garden false"}, {"/", "ann", 200, "door garden false"},
	} {
		set := plainly
		if c.who != "" {
			set = ways[c.who]
		}
		w := answer(t, h, "GET", c.path, try{set: set})
		if w.Code != c.code || c.code == 200 && w.Body.String() != c.sees || c.code == 401 && len(w.Header().Values("WWW-Authenticate")) != 2 {
			t.Errorf("%s as %q: %d %v %s", c.path, c.who, w.Code, w.Header(), w.Body)
		}
	}
	if w := answer(t, h, "GET", "/", try{set: basic("ann", "wrong")}); w.Code != 401 {
		t.Errorf("with a wrong password: %d %s", w.Code, w.Body)
	}
	if w := answer(t, control.Handler(http.HandlerFunc(sightings)), "GET", "/", try{set: plainly}); w.Code != 401 {
		t.Errorf("what does not ask for rights: %d %s", w.Code, w.Body)
	}
	if control.Restricts("garden") || !control.Restricts("door") {
		t.Error("anonymous cameras are restricted, or others are not")
	}
}

// A link on another site leads those who have a cookie, which the browser keeps back at first, to what they may see.
func TestCookieWhereAnonymousMayLook(t *testing.T) {
	control := &access.Control{Token: openToken(t), Anonymous: []string{"gate"}}
	h := aimed(control.Handler(http.HandlerFunc(sightings)))
	fromElsewhere := func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Sec-Fetch-Mode", "navigate")
	}
	for path, want := range map[string]string{"/": "0; url=./", "/gate/": "0; url=./", "/gate/live": "", "/gate/snapshot": ""} {
		if w := answer(t, h, "GET", path, try{set: fromElsewhere}); w.Code != 200 || w.Header().Get("Refresh") != want {
			t.Errorf("%s from elsewhere: %d, Refresh %q", path, w.Code, w.Header().Get("Refresh"))
		}
		if w := answer(t, h, "GET", path, try{set: plainly}); w.Header().Get("Refresh") != "" {
			t.Errorf("%s: Refresh %q", path, w.Header().Get("Refresh"))
		}
	}
}

// Streams of those who came without a login end when one is required, but for the anonymous cameras.
func TestAnonymousStreamsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		before, after []string // that are anonymous; nil: no login is required
		ends          string
	}{
		"a login is required": {nil, []string{}, "door garden"}, "a login is required for the door": {nil, []string{"garden"}, "door"},
		"the garden is not anonymous any more": {[]string{"garden"}, []string{"door"}, "garden"}, "no login is required any more": {[]string{"garden"}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHousehold(t)
				make := func(anonymous []string) *access.Control {
					if anonymous == nil {
						return &access.Control{}
					}
					return &access.Control{Token: h.openToken("master"), Anonymous: anonymous}
				}
				ways["nobody"] = plainly
				defer delete(ways, "nobody")
				control := make(c.before)
				var all []watching
				for _, camera := range []string{"door", "garden"} {
					if c.before == nil || slices.Contains(c.before, camera) {
						all = append(all, watch(t, aimed(control.Handler(http.HandlerFunc(stream))), "nobody", camera))
					}
				}
				time.Sleep(time.Minute)
				make(c.after).Succeed(control)
				time.Sleep(5 * time.Second)
				synctest.Wait()
				for _, w := range all {
					if ended := len(w.ended) == 1; ended != strings.Contains(c.ends, w.camera) {
						t.Errorf("the stream of the %s ended: %v", w.camera, ended)
					}
				}
			})
		})
	}
}
