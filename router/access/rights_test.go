package access_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"mjpegazer/router/access"
)

// A household has files of users and tokens.
type household struct {
	t         *testing.T
	directory string
	lines     map[string]string // of users
}

func newHousehold(t *testing.T) household {
	h := household{t, t.TempDir(), map[string]string{}}
	h.users("ann", "bob")
	for _, name := range []string{"master", "doors", "gardens"} {
		h.token(name, name+"-secret")
	}
	return h
}

func (h household) write(name, content string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.directory, name), []byte(content), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h household) users(names ...string) {
	var lines []string
	for _, name := range names {
		if h.lines[name] == "" {
			h.lines[name] = htpasswd(h.t, strings.TrimSuffix(name, "2"), name+"-password", bcrypt.MinCost)
		}
		lines = append(lines, h.lines[name])
	}
	h.write("users", strings.Join(lines, ""))
}

func (h household) token(name, secret string) { h.write(name, secret) }

func (h household) openToken(name string) *access.Token {
	h.t.Helper()
	token, err := access.OpenToken(filepath.Join(h.directory, name), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

// control lets ann and the token doors see the door, nobody see the vault, and everybody the rest.
func (h household) control() *access.Control {
	h.t.Helper()
	users, err := access.OpenUsers(filepath.Join(h.directory, "users"), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &access.Control{
		Users: users, Token: h.openToken("master"),
		Tokens:  map[string]*access.Token{"doors": h.openToken("doors"), "gardens": h.openToken("gardens")},
		Viewers: map[string][]string{"door": {"ann", "doors"}, "vault": nil},
	}
}

// ways are all ways to be let in, by what they are called here.
var ways = map[string]func(*http.Request){
	"ann": basic("ann", "ann-password"), "bob": basic("bob", "bob-password"), "master": header("Authorization", "Bearer master-secret"),
	"doors": header("Authorization", "Bearer doors-secret"), "gardens": header("Authorization", "Bearer gardens-secret"),
}

// TestSees asks for every camera as everybody who is let in.
func TestSees(t *testing.T) {
	control := newHousehold(t).control()
	for who, set := range ways {
		for camera, want := range map[string]string{"door": "ann doors master", "vault": "master", "garden": "ann bob doors gardens master"} {
			var sees, watches bool
			h := control.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sees, watches = access.Sees(r, camera), access.Watches(r, camera)
			}))
			if got := answer(t, h, "GET", "/", try{set: set}); got.Code != http.StatusOK {
				t.Fatalf("%s: %d", who, got.Code)
			}
			if allowed := strings.Contains(want, who); sees != allowed || watches != allowed {
				t.Errorf("%s sees the %s: %v, watches it: %v", who, camera, sees, watches)
			}
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	if !access.Sees(r, "door") || !access.Watches(r, "vault") {
		t.Error("there are rights without access control")
	}
}

// A named token's cookie is its own.
func TestNamedTokenInTheAddress(t *testing.T) {
	control := newHousehold(t).control()
	sees := false
	h := control.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { sees = access.Sees(r, "door") }))
	given := answer(t, h, "GET", "/?token=doors-secret", try{set: plainly})
	cookies := given.Result().Cookies()
	if given.Code != http.StatusSeeOther || len(cookies) != 1 {
		t.Fatalf("%d, %d cookies", given.Code, len(cookies))
	}
	if got := answer(t, h, "GET", "/", try{set: func(r *http.Request) { r.AddCookie(cookies[0]) }}); got.Code != http.StatusOK || !sees {
		t.Errorf("%d, sees the door: %v", got.Code, sees)
	}
}

// A watching is a stream that somebody watches.
type watching struct {
	who, camera string
	ended       chan time.Time
}

func watch(t *testing.T, h http.Handler, who, camera string) watching {
	t.Helper()
	w := watching{who, camera, make(chan time.Time, 1)}
	begun := make(chan bool)
	go func() {
		r := httptest.NewRequest("GET", "/"+camera+"/live", nil).WithContext(t.Context())
		ways[who](r)
		h.ServeHTTP(httptest.NewRecorder(), r.WithContext(withBegun(r.Context(), begun)))
		w.ended <- time.Now()
	}()
	if !<-begun {
		t.Fatalf("%s may not see the %s", who, camera)
	}
	return w
}

// TestStreamsEnd takes rights away in every way while streams go on: those that are concerned end within 5 s, and no others.
func TestStreamsEnd(t *testing.T) {
	everything := [][2]string{
		{"ann", "door"}, {"ann", "garden"}, {"bob", "garden"}, {"master", "door"}, {"master", "vault"}, {"doors", "door"}, {"doors", "garden"}, {"gardens", "garden"},
	}
	for name, c := range map[string]struct {
		take func(h household) *access.Control // the next control; nil: only files change
		ends string
	}{
		"nothing":               {func(household) *access.Control { return nil }, ""},
		"the same again":        {func(h household) *access.Control { return h.control() }, ""},
		"a user":                {func(h household) *access.Control { h.users("bob"); return nil }, "ann-door ann-garden"},
		"a password":            {func(h household) *access.Control { h.users("ann", "bob2"); return nil }, "bob-garden"},
		"a token":               {func(h household) *access.Control { h.token("doors", "other"); return nil }, "doors-door doors-garden"},
		"the token for all":     {func(h household) *access.Control { h.token("master", "other"); return nil }, "master-door master-vault"},
		"a right to the door":   {func(h household) *access.Control { n := h.control(); n.Viewers["door"] = []string{"bob"}; return n }, "ann-door doors-door"},
		"the garden is for bob": {func(h household) *access.Control { n := h.control(); n.Viewers["garden"] = []string{"bob"}; return n }, "ann-garden doors-garden gardens-garden"},
		"a named token":         {func(h household) *access.Control { n := h.control(); delete(n.Tokens, "gardens"); return n }, "gardens-garden"},
		"all users":             {func(h household) *access.Control { n := h.control(); n.Users = nil; return n }, "ann-door ann-garden bob-garden"},
		"users that panic":      {func(h household) *access.Control { n := h.control(); n.Users = &access.Users{}; return n }, "ann-door ann-garden bob-garden"},
		"all need for a login":  {func(household) *access.Control { return &access.Control{} }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHousehold(t)
				control := h.control()
				handler := control.Handler(http.HandlerFunc(stream))
				var all []watching
				for _, w := range everything {
					all = append(all, watch(t, handler, w[0], w[1]))
				}
				time.Sleep(time.Minute)
				next := c.take(h)
				if next != nil {
					next.Succeed(control)
				}
				time.Sleep(5 * time.Second)
				synctest.Wait()
				for _, w := range all {
					ended := len(w.ended) == 1
					if want := strings.Contains(" "+c.ends+" ", " "+w.who+"-"+w.camera+" "); ended != want {
						t.Errorf("%s's stream of the %s ended: %v", w.who, w.camera, ended)
					}
				}
			})
		})
	}
}

// Streams that began under one Control of several end by the last.
func TestSucceedOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHousehold(t)
		control := h.control()
		var all []watching
		for range 5 {
			all = append(all, watch(t, control.Handler(http.HandlerFunc(stream)), "ann", "door"))
			next := h.control()
			next.Succeed(control)
			control = next
			time.Sleep(3 * time.Second)
		}
		last := h.control()
		last.Viewers["door"] = nil
		last.Succeed(control)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		for i, w := range all {
			if len(w.ended) != 1 {
				t.Errorf("stream %d goes on", i)
			}
		}
	})
}

type begunKey struct{}

func withBegun(ctx context.Context, begun chan bool) context.Context {
	return context.WithValue(ctx, begunKey{}, begun)
}

// stream shows a camera until its request ends.
func stream(w http.ResponseWriter, r *http.Request) {
	camera := strings.Split(r.URL.Path, "/")[1]
	begun := r.Context().Value(begunKey{}).(chan bool)
	if !access.Watches(r, camera) {
		begun <- false
		return
	}
	begun <- true
	<-r.Context().Done()
	fmt.Fprint(w, "ended")
}
