package access_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"mjpegazer/router/access"
)

// TestUsersOfSomeLines: a line that is not understood is an error of its own, which says its number and not its text.
func TestUsersOfSomeLines(t *testing.T) {
	var log syncBuffer
	lines := htpasswd(t, "ann", "secret", bcrypt.MinCost) + "bob:hunter2\n" + htpasswd(t, "eve", "secret", bcrypt.MinCost)
	users, err := access.OpenUsers(writeFile(t, lines), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	h := guarded(&access.Control{Users: users})
	for _, l := range []struct {
		name, password string
		code           int
	}{{"ann", "secret", 200}, {"eve", "secret", 200}, {"bob", "hunter2", 401}} {
		if w := answer(t, h, "GET", "/", try{set: basic(l.name, l.password)}); w.Code != l.code {
			t.Errorf("%s is answered %d, not %d", l.name, w.Code, l.code)
		}
	}
	if s := log.String(); strings.Count(s, "level=ERROR") != 1 || !strings.Contains(s, "line 2") || strings.Contains(s, "hunter2") {
		t.Errorf("the log says\n%s", s)
	}
}

// TestNoUsers: an empty file lets nobody in, from the beginning or later.
func TestNoUsers(t *testing.T) { synctest.Test(t, testNoUsers) }

func testNoUsers(t *testing.T) {
	path := writeFile(t, "")
	var log syncBuffer
	users, err := access.OpenUsers(path, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	h := guarded(&access.Control{Users: users})
	for i, content := range []string{"", htpasswd(t, "ann", "secret", bcrypt.MinCost), "# nobody\n", "ann:"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		want := 401
		if i == 1 {
			want = 200
		}
		if w := answer(t, h, "GET", "/", try{set: basic("ann", "secret")}); w.Code != want {
			t.Errorf("with %q ann is answered %d, not %d", content, w.Code, want)
		}
	}
	synctest.Wait()
	if n := strings.Count(log.String(), "no users"); n != 3 {
		t.Errorf("%d warnings, not 3, in\n%s", n, log.String())
	}
}

// TestSecretsAreGone: the token, and the key of links, of a file that has become empty let nobody in.
func TestSecretsAreGone(t *testing.T) { synctest.Test(t, testSecretsAreGone) }

func testSecretsAreGone(t *testing.T) {
	tokenFile, keyFile := writeFile(t, "word"), writeFile(t, strings.Repeat("k", 32))
	token, err := access.OpenToken(tokenFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	links, err := access.OpenLinks(keyFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	none, err := access.OpenLinks(writeFile(t, strings.Repeat("n", 32)), nil)
	if err != nil {
		t.Fatal(err)
	}
	h := guarded(&access.Control{Token: token, Links: links})
	link := links.Sign("door", access.Live, time.Now().Add(time.Hour))
	if err := errors.Join(os.WriteFile(tokenFile, []byte("\n"), 0o600), os.WriteFile(keyFile, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	forged := links.Sign("door", access.Live, time.Now().Add(time.Hour)) // with what is left of the key
	if forged == none.Sign("door", access.Live, time.Now().Add(time.Hour)) {
		t.Fatal("links do not depend on their key")
	}
	target := access.Target{Path: "/door/live", Camera: "door", Kinds: []access.Kind{access.Live}}
	for _, address := range []string{"/?token=word", "/?token=", "/door/live?" + link, "/door/live?" + forged} {
		r := access.WithTarget(httptest.NewRequest("GET", address, nil), target)
		r.AddCookie(&http.Cookie{Name: "mjpegazer_", Value: ""})
		r.Header.Set("Authorization", "Bearer ")
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != 401 && w.Code != 403 {
			t.Errorf("%s is answered %d", address, w.Code)
		}
	}
}
