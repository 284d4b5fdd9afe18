package access_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"mjpegazer/router/access"
)

func guarded(control *access.Control) http.Handler {
	return control.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
}

func TestUsersFiles(t *testing.T) {
	ann := htpasswd(t, "ann", "secret", bcrypt.MinCost)
	for _, good := range []string{ann, "# people\n\n" + ann, strings.TrimSpace(ann), strings.ReplaceAll(ann, "\n", "\r\n")} {
		users, err := access.OpenUsers(writeFile(t, good), nil)
		if err != nil {
			t.Fatalf("%q: %v", good, err)
		}
		if w := answer(t, guarded(&access.Control{Users: users}), "GET", "/", try{set: basic("ann", "secret")}); w.Code != 200 {
			t.Errorf("%q: %d", good, w.Code)
		}
	}
	for bad, says := range map[string]string{
		"ann":                                   "bcrypt",
		"ann:secret":                            "line 1",
		"\n#\nbob:$apr1$0123$456789\n":          "line 3",
		"ann:{SHA}5en6G6MezRroT3XKqkdPOmY/":     "htpasswd -B",
		":" + strings.TrimPrefix(ann, "ann:"):   "line 1",
		strings.Replace(ann, "$04$", "$31$", 1): "minutes",
	} {
		_, err := access.OpenUsers(writeFile(t, bad), nil)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, which does not say %q", bad, err, says)
		}
		if _, hash, _ := strings.Cut(bad, ":"); err != nil && len(hash) > 3 && strings.Contains(err.Error(), strings.TrimSpace(hash)) {
			t.Errorf("%q: the error %v holds the hash", bad, err)
		}
	}
}

// A user who is removed from the file is refused a second later, remembered or not; a file that cannot be read changes
// nothing.
func TestUsersChange(t *testing.T) { synctest.Test(t, testUsersChange) }

func testUsersChange(t *testing.T) {
	path := writeFile(t, htpasswd(t, "ann", "secret", bcrypt.MinCost))
	var log syncBuffer
	users, err := access.OpenUsers(path, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	h := guarded(&access.Control{Users: users})
	expect := func(name, password string, code int) {
		t.Helper()
		if w := answer(t, h, "GET", "/", try{set: basic(name, password)}); w.Code != code {
			t.Errorf("%s is answered %d, not %d", name, w.Code, code)
		}
	}
	expect("ann", "secret", 200)
	write := func(content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
	}
	os.Remove(path)
	time.Sleep(time.Second)
	expect("ann", "secret", 200)
	write(htpasswd(t, "bob", "secret", bcrypt.MinCost))
	expect("ann", "secret", 401)
	expect("bob", "secret", 200)
	synctest.Wait()
	if n := strings.Count(log.String(), "cannot be used"); n != 1 || !strings.Contains(log.String(), "reloaded") {
		t.Errorf("%d warnings, not 1, in\n%s", n, log.String())
	}
}

// A password that was right costs nothing when it comes again, nor does one that was wrong.
func TestPasswordsAreRemembered(t *testing.T) {
	const cost = 8
	h := guarded(&access.Control{Users: openUsers(t, htpasswd(t, "ann", "secret", cost))})
	took := func(password string) time.Duration {
		begun := time.Now()
		answer(t, h, "GET", "/", try{set: basic("ann", password)})
		return time.Since(begun)
	}
	first := took("secret")
	begun := time.Now()
	for range 100 {
		took("secret")
	}
	if rest := time.Since(begun); rest > 20*first {
		t.Errorf("%v the first time, %v for 100 times more", first, rest)
	}
}

// TestFlood: while 200 connections try one wrong password after the other, other users get in, and so does the same user
// from another address; a password that is remembered notices nothing. Where the names are invented, users from other
// addresses get in.
func TestFlood(t *testing.T) {
	const here, elsewhere = "192.0.2.1", "192.0.2.2"
	t.Run("one name", func(t *testing.T) {
		flood(t, here, func(int) string { return "ann" }, []login{{"eve", here}, {"bob", here}, {"ann", elsewhere}})
	})
	t.Run("invented names", func(t *testing.T) {
		flood(t, here, func(n int) string { return fmt.Sprint("nobody ", n) }, []login{{"eve", here}, {"bob", elsewhere}, {"ann", elsewhere}})
	})
}

// A login is a user and the address that it comes from.
type login struct{ name, address string }

// flood checks how long each login takes during an attack from an address. The first has been there before.
func flood(t *testing.T, from string, name func(n int) string, logins []login) {
	const cost = 6
	once := time.Now()
	lines := htpasswd(t, "ann", "secret", cost) + htpasswd(t, "bob", "secret", cost)
	check := time.Since(once) / 2 // what one password costs here and now
	proxies, err := access.ParseProxies([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	control := &access.Control{Users: openUsers(t, lines+htpasswd(t, "eve", "secret", cost)), Proxies: proxies}
	server := httptest.NewServer(guarded(control))
	defer server.Close()
	ask := func(ctx context.Context, l login, password string) int {
		r, _ := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
		r.SetBasicAuth(l.name, password)
		r.Header.Set("X-Forwarded-For", l.address)
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return 0
		}
		response.Body.Close()
		return response.StatusCode
	}
	if code := ask(t.Context(), logins[0], "secret"); code != 200 {
		t.Fatal(logins[0], "gets", code)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var attackers sync.WaitGroup
	for i := range 200 {
		attackers.Go(func() {
			for n := i; ctx.Err() == nil; n += 200 {
				ask(ctx, login{name(n), from}, fmt.Sprint(n))
			}
		})
	}
	time.Sleep(time.Second)
	for i, l := range logins {
		most := 300*time.Millisecond + 6*check
		if i == 0 {
			most = 300 * time.Millisecond
		}
		begun := time.Now()
		code := ask(t.Context(), l, "secret")
		d := time.Since(begun)
		t.Logf("%v: %d after %v; a check costs %v", l, code, d, check)
		if code != 200 || d > 5*most {
			t.Errorf("%v: %d after %v, want %v", l, code, d, most)
		}
	}
	cancel()
	attackers.Wait()
}

// TestLogTellsOfFailures once a second, and of no name and no password.
func TestLogTellsOfFailures(t *testing.T) {
	var log syncBuffer
	control := &access.Control{
		Users: openUsers(t, htpasswd(t, "ann", "secret", bcrypt.MinCost)), Token: openToken(t),
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	}
	h := guarded(control)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() { answer(t, h, "GET", "/", try{set: basic("mallory", fmt.Sprint("hunter", i))}) })
		all.Go(func() { answer(t, h, "GET", "/", try{query: "?token=hunter", set: plainly}) })
	}
	all.Wait()
	if n := strings.Count(log.String(), "login refused"); n < 1 || n > 5 {
		t.Errorf("%d lines about 100 failures within a second or two", n)
	}
	if text := log.String(); strings.Contains(text, "mallory") || strings.Contains(text, "hunter") || !strings.Contains(text, "client=192.0.2.1") {
		t.Errorf("it said %s", text)
	}
}

// A syncBuffer is a log that many write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
