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

const rightToken = "3f2a9c5e7d1b8a60"

// writeFile makes a file in a directory of the test's own.
func writeFile(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// htpasswd is a line as htpasswd -B writes it.
func htpasswd(t testing.TB, name, password string, cost int) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		t.Fatal(err)
	}
	return name + ":" + strings.Replace(string(hash), "$2a$", "$2y$", 1) + "\n"
}

func openUsers(t testing.TB, lines ...string) *access.Users {
	t.Helper()
	users, err := access.OpenUsers(writeFile(t, strings.Join(lines, "")), nil)
	if err != nil {
		t.Fatal(err)
	}
	return users
}

func openToken(t testing.TB) *access.Token {
	t.Helper()
	token, err := access.OpenToken(writeFile(t, rightToken+"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// A try is a way to ask.
type try struct {
	name, query string
	set         func(*http.Request)
}

func basic(name, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(name, password) }
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func plainly(*http.Request) {}

// answer is what a handler says within 2 s to a request, which a stream needs to be cut.
func answer(t *testing.T, h http.Handler, method, path string, try try) *httptest.ResponseRecorder {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, method, path+try.query, nil)
	try.set(r)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var wrongTries = []try{
	{"nothing", "", plainly},
	{"wrong user", "", basic("bob", "secret")},
	{"wrong password", "", basic("ann", "Secret")},
	{"wrong token in the address", "?token=3f2a9c5e7d1b8a61", plainly},
	{"token that is none", "?token=%zz", plainly},
	{"wrong bearer", "", header("Authorization", "Bearer x")},
	{"token as cookie", "", header("Cookie", "mjpegazer_token="+rightToken)},
	{"nonsense", "", header("Authorization", "Basic x")},
}

var rightTries = []try{
	{"user", "", basic("ann", "secret")},
	{"bearer", "", header("Authorization", "bearer "+rightToken)},
	{"token in the address", "?fps=1&token=" + rightToken, plainly},
}

// A wrong login takes a second, a right one or none does not.
func TestFailuresAreSlow(t *testing.T) {
	control := &access.Control{Users: openUsers(t, htpasswd(t, "ann", "secret", bcrypt.MinCost)), Token: openToken(t)}
	h := control.Handler(http.NotFoundHandler())
	synctest.Test(t, func(t *testing.T) {
		took := func(try try) time.Duration {
			begun := time.Now()
			answer(t, h, "GET", "/", try)
			return time.Since(begun)
		}
		for _, try := range wrongTries {
			want := time.Second
			if strings.HasPrefix(try.name, "nothing") || strings.HasPrefix(try.name, "token") {
				want = 0
			}
			if d := took(try); d != want {
				t.Errorf("%s: answered after %v, want %v", try.name, d, want)
			}
		}
		for _, try := range rightTries {
			if d := took(try); d != 0 {
				t.Errorf("the right %s: answered after %v", try.name, d)
			}
		}
	})
}

// The handler sees no token, and can log what it sees.
func TestTokenIsTakenOut(t *testing.T) {
	var seen []string
	control := &access.Control{Token: openToken(t)}
	h := control.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, fmt.Sprint(r.URL, r.RequestURI))
	}))
	for _, query := range []string{"?token=" + rightToken + "&fps=2", "?fps=2&%74oken=" + rightToken, "?fps=2&token=x&token=" + rightToken} {
		answer(t, h, "GET", "/live", try{"", query, plainly})
	}
	if want := strings.Repeat("/live?fps=2 /live?fps=2,", 3); strings.Join(seen, ",")+"," != strings.ReplaceAll(want, " ", "") {
		t.Errorf("%q", seen)
	}
}

// An open path is the handler's own, wherever the handler is mounted and whatever the request calls it.
func TestOpenPaths(t *testing.T) {
	h := (&access.Control{Token: openToken(t)}).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "/health")
	for _, test := range []struct {
		path, known string
		code        int
	}{
		{"/health", "", 200}, {"/cams/health", "", 401}, {"/%68ealth", "", 401}, {"/cams/health", "/health", 200}, {"/health", "/cams/health", 401},
	} {
		w := answer(t, h, "GET", test.path, try{set: func(r *http.Request) {
			if test.known != "" {
				*r = *access.WithTarget(r, access.Target{Path: test.known})
			}
		}})
		if w.Code != test.code {
			t.Errorf("%s, known as %q: %d, want %d", test.path, test.known, w.Code, test.code)
		}
	}
}
