package access_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router/access"
)

const linkSecret = "0123456789abcdef0123456789abcdef"

func openLinks(t testing.TB, secret string) *access.Links {
	t.Helper()
	links, err := access.OpenLinks(writeFile(t, secret), nil)
	if err != nil {
		t.Fatal(err)
	}
	return links
}

// aimed marks requests by their paths: /CAMERA/KIND, which a page's link opens, too.
func aimed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		parts := strings.Split(r.URL.Path, "/")
		t := access.Target{Sees: true}
		if len(parts) == 3 {
			t.Camera, t.Kinds = parts[1], []access.Kind{access.Page}
			if parts[2] != "" {
				t.Kinds = append(t.Kinds, access.Kind(parts[2]))
			}
		}
		h.ServeHTTP(w, access.WithTarget(r, t))
	})
}

// sightings answers with the cameras that a client may see.
func sightings(w http.ResponseWriter, r *http.Request) {
	for _, camera := range []string{"door", "vault", "garden"} {
		if access.Sees(r, camera) && access.Watches(r, camera) {
			fmt.Fprint(w, camera, " ")
		}
	}
	fmt.Fprint(w, access.Anonymous(r), access.LinkQuery(r))
}

// A link opens what it was signed for, and shows that camera alone, whoever may see it by a login.
func TestLinks(t *testing.T) { synctest.Test(t, testLinks) }

func testLinks(t *testing.T) {
	control := newHousehold(t).control()
	control.Links = openLinks(t, linkSecret+"\n")
	h := aimed(control.Handler(http.HandlerFunc(sightings)))
	end := time.Now().Add(time.Hour)
	paths := []string{"/", "/vault/live", "/vault/snapshot", "/vault/", "/vault/other", "/door/live", "/unknown/live"}
	for kind, opens := range map[access.Kind][]string{
		access.Live: {"/vault/live"}, access.Snapshot: {"/vault/snapshot"}, access.Page: {"/vault/live", "/vault/snapshot", "/vault/", "/vault/other"},
	} {
		query := "?" + control.Links.Sign("vault", kind, end)
		for _, path := range paths {
			for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST"} {
				for _, login := range []func(*http.Request){plainly, ways["ann"], ways["master"], basic("ann", "wrong")} {
					w := answer(t, h, method, path+query, try{set: login})
					if slices.Contains(opens, path) {
						if w.Code != http.StatusOK || w.Body.String() != "vault false"+query[1:] {
							t.Errorf("%s %s by the link %s: %d %s", method, path, query, w.Code, w.Body)
						}
						continue
					}
					if w.Code != http.StatusForbidden || !strings.HasPrefix(w.Body.String(), "this link does not open this address") || len(w.Result().Cookies()) > 0 {
						t.Errorf("%s %s by the link %s: %d %s", method, path, query, w.Code, w.Body)
					}
				}
			}
		}
	}
}

// Whatever is changed about a link is refused, after a second, and nothing that it says is repeated.
func TestChangedLinks(t *testing.T) {
	links := openLinks(t, linkSecret)
	control := &access.Control{Links: links}
	h := aimed(control.Handler(http.HandlerFunc(sightings)))
	synctest.Test(t, func(t *testing.T) {
		right := links.Sign("door", access.Live, time.Now().Add(time.Hour))
		expires, signature, _ := strings.Cut(right, "&")
		later := fmt.Sprint("expires=", time.Now().Add(2*time.Hour).Unix())
		for _, query := range []string{
			expires, signature, expires + "&signature=", "expires=&" + signature, later + "&" + signature, strings.ToUpper(expires) + "&" + signature,
			right + "&" + expires, right + "&" + signature, right + "&expires=", expires + "&" + signature + "=", expires + "&" + signature + "A",
			strings.Replace(right, "expires=", "expires=0", 1), strings.Replace(right, "expires=", "expires=+", 1), strings.Replace(right, "expires=", "expires=%31", 1),
			right[:len(right)-1], right[:len(right)-1] + string(right[len(right)-1]^1), strings.Replace(right, "signature", "s%69gnature", 1),
			expires + "&" + strings.Replace(signature, "=", "=%", 1), "token=x&" + expires, "signature&expires",
		} {
			begun := time.Now()
			w := answer(t, h, "GET", "/door/live?"+query, try{set: plainly})
			if w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), signature[12:20]) || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("%s: %d %v %s", query, w.Code, w.Header(), w.Body)
			}
			if took := time.Since(begun); took != time.Second {
				t.Errorf("%s: refused after %v", query, took)
			}
		}
		for _, query := range []string{right, signature + "&" + expires, "fps=5&" + right, right + "?dummy=1", right + "&x=%zz"} {
			if w := answer(t, h, "GET", "/door/live?"+query, try{set: plainly}); w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", query, w.Code, w.Body)
			}
		}
		if w := answer(t, h, "GET", "/door/live", try{set: plainly}); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "only links") {
			t.Errorf("without the link: %d %s", w.Code, w.Body)
		}
	})
}

// A link ends in time: who comes up to a minute later is let in, a stream ends at once, and another key ends all.
func TestLinksEnd(t *testing.T) {
	for name, c := range map[string]struct {
		comes, ends time.Duration // after the link was made, which is good for an hour
	}{
		"in time": {time.Minute, time.Hour}, "at the last moment": {time.Hour - 1, time.Hour}, "a little late": {time.Hour, time.Hour + time.Minute},
		"nearly too late": {time.Hour + 59*time.Second, time.Hour + time.Minute}, "too late": {time.Hour + time.Minute, 0}, "much too late": {100 * time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				made := time.Now()
				control := &access.Control{Links: openLinks(t, linkSecret)}
				h := aimed(control.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })))
				query := control.Links.Sign("door", access.Live, made.Add(time.Hour))
				time.Sleep(c.comes)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", "/door/live?"+query, nil).WithContext(t.Context()))
				if c.ends == 0 {
					if want := "this link has expired: it was good until " + made.Add(time.Hour).UTC().Format(time.DateTime) + " UTC\n"; w.Code != 403 || w.Body.String() != want {
						t.Errorf("%d %q, want %q", w.Code, w.Body, want)
					}
				} else if took := time.Since(made); took != c.ends {
					t.Errorf("it ends after %v, want %v", took, c.ends)
				}
			})
		})
	}
}

// A new key ends all links, whether its file changes or the Control.
func TestNewLinkKey(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, path string, c *access.Control){
		"file": func(t *testing.T, path string, _ *access.Control) {
			if err := os.WriteFile(path, []byte(strings.Repeat("x", 32)), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"control": func(t *testing.T, _ string, c *access.Control) {
			(&access.Control{Links: openLinks(t, strings.Repeat("x", 32))}).Succeed(c)
		},
		"no links": func(_ *testing.T, _ string, c *access.Control) { (&access.Control{}).Succeed(c) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := writeFile(t, linkSecret)
				links, err := access.OpenLinks(path, nil)
				if err != nil {
					t.Fatal(err)
				}
				control := &access.Control{Links: links}
				h := aimed(control.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })))
				query := links.Sign("door", access.Live, time.Now().Add(time.Hour))
				begun := time.Now()
				time.AfterFunc(time.Minute, func() { change(t, path, control) })
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/door/live?"+query, nil).WithContext(t.Context()))
				if took := time.Since(begun); took < time.Minute || took > time.Minute+5*time.Second {
					t.Errorf("it ended after %v", took)
				}
			})
		})
	}
}

func TestOpenLinks(t *testing.T) {
	for secret, ok := range map[string]bool{
		linkSecret: true, linkSecret + "\n": true, linkSecret + "\r\n": true, linkSecret[1:]: false, linkSecret[1:] + "\n": false, "": false, linkSecret[2:] + "\r\n\n": true,
	} {
		links, err := access.OpenLinks(writeFile(t, secret), nil)
		if (err == nil) != ok || err != nil && secret != "" && strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", secret, err)
		}
		if err == nil && !strings.Contains(secret, "\n\n") && links.Sign("a", access.Live, time.Unix(1, 0)) != openLinks(t, linkSecret).Sign("a", access.Live, time.Unix(1, 0)) {
			t.Errorf("%q is another key", secret)
		}
	}
	if _, err := access.OpenLinks(t.TempDir(), nil); err == nil {
		t.Error("a directory is a key")
	}
}

// A handler that asks for no rights is guarded by what its target says, links and anonymous clients included.
func TestTargetOfAPlainHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := newHousehold(t)
		control := house.control()
		control.Links, control.Anonymous = openLinks(t, linkSecret), []string{"gate"}
		guarded := control.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			camera := strings.TrimPrefix(r.URL.Path, "/")
			guarded.ServeHTTP(w, access.WithTarget(r, access.Target{Camera: camera, Kinds: []access.Kind{access.Live}}))
		})
		ways["nobody"] = plainly
		defer delete(ways, "nobody")
		for who, codes := range map[string][4]int{ // of the door, the vault, the garden and the gate
			"ann": {200, 404, 200, 200}, "bob": {404, 404, 200, 200}, "master": {200, 200, 200, 200}, "nobody": {401, 401, 401, 200},
		} {
			for i, camera := range []string{"/door", "/vault", "/garden", "/gate"} {
				if w := answer(t, h, "GET", camera, try{set: ways[who]}); w.Code != codes[i] {
					t.Errorf("%s as %s: %d, want %d", camera, who, w.Code, codes[i])
				}
			}
		}
		if w := answer(t, h, "GET", "/vault?"+control.Links.Sign("vault", access.Live, time.Now().Add(time.Hour)), try{set: plainly}); w.Code != 200 {
			t.Errorf("by a link: %d", w.Code)
		}
		begun := time.Now()
		time.AfterFunc(time.Minute, func() {
			next := house.control()
			next.Viewers["door"] = nil
			next.Succeed(control)
		})
		r := httptest.NewRequest("GET", "/door", nil).WithContext(t.Context())
		ways["ann"](r)
		h.ServeHTTP(httptest.NewRecorder(), r)
		if took := time.Since(begun); took < time.Minute || took > time.Minute+5*time.Second {
			t.Errorf("the stream ended after %v", took)
		}
	})
}

// FuzzLinks changes links, what they are for, and when: only what was signed opens.
func FuzzLinks(f *testing.F) {
	links := openLinks(f, linkSecret)
	signed := map[string]bool{}
	var queries []string
	for _, camera := range []string{"door", "live\ndoor", "", "door\n"} {
		for _, kind := range []access.Kind{access.Live, access.Snapshot, access.Page} {
			query := links.Sign(camera, kind, time.Unix(1<<40, 0))
			signed[string(kind)+" "+camera+" "+query] = true
			queries = append(queries, query)
			f.Add(query, camera, string(kind))
			f.Add(query+"&fps=1", "vault", string(kind))
		}
	}
	f.Add("expires=1099511627776%0Alive&signature=x", "door", "live")
	control := &access.Control{Links: links}
	f.Fuzz(func(t *testing.T, query, camera, kind string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = query
		opened := false
		h := control.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { opened = access.Sees(r, camera) }))
		synctest.Test(t, func(t *testing.T) {
			h.ServeHTTP(httptest.NewRecorder(), access.WithTarget(r, access.Target{Camera: camera, Kinds: []access.Kind{access.Kind(kind)}, Sees: true}))
		})
		right := slices.ContainsFunc(queries, func(q string) bool {
			expires, signature, _ := strings.Cut(q, "&")
			pairs := strings.Split(strings.Split(query, "?")[0], "&")
			return signed[kind+" "+camera+" "+q] && slices.Contains(pairs, expires) && slices.Contains(pairs, signature)
		})
		if opened && !right {
			t.Errorf("%q opens %s of %q", query, kind, camera)
		}
	})
}
