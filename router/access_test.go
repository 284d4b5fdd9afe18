package router_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5"
	"golang.org/x/crypto/bcrypt"

	"mjpegazer/router"
	"mjpegazer/router/access"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
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

// TestEveryRoute asks for every route there is in every way that is not right, and in every way that is.
func TestEveryRoute(t *testing.T) {
	users, token := openUsers(t, htpasswd(t, "ann", "secret", bcrypt.MinCost)), openToken(t)
	synctest.Test(t, func(t *testing.T) {
		s := stream.New(still(1), stream.Options{})
		defer s.Close()
		site := router.New([]router.Camera{{Name: "front", Stream: s}, {Name: "back", Stream: s}},
			router.Options{Access: &access.Control{Users: users, Token: token}})
		var all sync.WaitGroup
		routes := 0
		chi.Walk(site.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
			routes++
			switch route {
			case "/health", "/front/health", "/back/health":
				all.Go(func() { openToAll(t, site, method, route, "True") })
			case "/healthz":
				all.Go(func() { openToAll(t, site, method, route, "ok\n") })
			case "/assets/*":
				all.Go(func() { openToAll(t, site, method, "/assets/style.css", styleSheet(t)) })
				all.Go(func() { closed(t, site, method, "/assets/other.css") })
			default:
				all.Go(func() { closed(t, site, method, strings.Replace(route, "*", "style.css", 1)) })
			}
			return nil
		})
		if routes < 15*9 { // methods
			t.Errorf("only %d routes", routes)
		}
		for _, path := range []string{"/nope", "/nope/health", "/front", "/front/", "/health/", "/%68ealth", "/status/health"} {
			all.Go(func() { closed(t, site, "GET", path) })
			all.Go(func() { closed(t, site, "PROPFIND", path) })
		}
		all.Wait()
	})
}

func styleSheet(t *testing.T) string {
	text, err := os.ReadFile("page/style.css")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func openToAll(t *testing.T, site http.Handler, method, path, text string) {
	for _, try := range slices.Concat(wrongTries, rightTries) {
		if w := answer(t, site, method, path, try); w.Code == 401 || method == "GET" && w.Body.String() != text {
			t.Errorf("%s %s with %s: %d %s", method, path, try.name, w.Code, w.Body)
		}
	}
}

func closed(t *testing.T, site http.Handler, method, path string) {
	for _, try := range wrongTries {
		w := answer(t, site, method, path, try)
		h := w.Header()
		if w.Code != 401 || strings.Contains(w.Body.String(), "front") || len(h.Values("WWW-Authenticate")) != 2 ||
			h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s %s with %s: %d %v %s", method, path, try.name, w.Code, h, w.Body)
		}
	}
	for _, try := range rightTries {
		if w := answer(t, site, method, path, try); w.Code == 401 || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s %s with the right %s: %d %v %s", method, path, try.name, w.Code, w.Header(), w.Body)
		}
	}
}

// mounted is a site below /mounted in a router of chi's, which leaves that in the requests' address.
func mounted(site http.Handler) http.Handler {
	r := chi.NewRouter()
	r.Mount("/mounted", site)
	return r
}

// The page is asked for once with the token, and what it links to is then asked for with the cookie, below any path.
func TestTokenInTheAddressOfThePage(t *testing.T) {
	s := open(t, still(1), stream.Options{})
	site := router.New([]router.Camera{{Name: "front", Stream: s}}, router.Options{Access: &access.Control{Token: openToken(t)}})
	mux := http.NewServeMux()
	mux.Handle("/", site)
	mux.Handle("/cams/", http.StripPrefix("/cams", site))
	mux.Handle("/mounted", mounted(site))
	mux.Handle("/mounted/", mounted(site))
	server := serve(t, mux)
	for _, path := range []string{"/", "/cams/", "/mounted/"} {
		jar, _ := cookiejar.New(nil)
		browser := &http.Client{Jar: jar}
		r, err := browser.Get(server.URL + path + "?x=1&token=" + rightToken)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != 200 || r.Request.URL.Path != path || r.Request.URL.RawQuery != "x=1" {
			t.Errorf("%s: %s at %s", path, r.Status, r.Request.URL)
		}
		for _, link := range []string{"front/snapshot", "status"} {
			if r, err := browser.Get(server.URL + path + link); err != nil || r.StatusCode != 200 {
				t.Errorf("%s%s: %v %v", path, link, r.Status, err)
			}
		}
		first := get(t, "GET", server.URL+path+"?token="+rightToken)
		cookie := first.Header.Get("Set-Cookie")
		if !strings.Contains(cookie, "HttpOnly; SameSite=Strict") || strings.Contains(cookie, "Path") || strings.Contains(cookie, "Secure") {
			t.Errorf("cookie %s", cookie)
		}
		if location := first.Header.Get("Location"); first.StatusCode != 303 || location != "./" {
			t.Errorf("%s to %q", first.Status, location)
		}
		if all := fmt.Sprint(first.Header); strings.Contains(all, rightToken) {
			t.Errorf("the token is in %s", all)
		}
	}
	jar, _ := cookiejar.New(nil)
	r, err := (&http.Client{Jar: jar}).Get(server.URL + "/mounted?x=1&token=" + rightToken)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != 200 || r.Request.URL.RequestURI() != "/mounted/?x=1" {
		t.Errorf("without the last slash: %s at %s", r.Status, r.Request.URL)
	}
	if r := get(t, "GET", server.URL+"/?action=snapshot&token="+rightToken); r.StatusCode != 200 || r.Header.Get("Set-Cookie") != "" {
		t.Errorf("a picture: %s, %v", r.Status, r.Header)
	}
	if r := get(t, "GET", server.URL+"/?token="+rightToken, "X-Forwarded-Proto", "https"); !strings.Contains(r.Header.Get("Set-Cookie"), "Secure") {
		t.Error("a cookie that came by TLS may go without")
	}
}

// A handler that is mounted alone has the access control of its options, too.
func TestHandlersAloneAreGuarded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	token, err := access.OpenToken(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := stream.New(&streamtest.Camera{}, stream.Options{})
	defer s.Close()
	options := router.Options{Access: &access.Control{Token: token}}
	for name, test := range map[string]struct {
		handler http.Handler
		without int
	}{"live": {router.Live(s, options), 401}, "snapshot": {router.Snapshot(s, options), 401}, "health": {router.Health(s, options), 200}} {
		for query, want := range map[string]int{"": test.without, "?token=0123456789abcdef0123456789abcdef": 200} {
			method := http.MethodHead // which starts no stream that would have to be ended
			if name == "snapshot" {
				method = http.MethodGet
			}
			w := httptest.NewRecorder()
			test.handler.ServeHTTP(w, httptest.NewRequest(method, "/mounted"+query, nil))
			if w.Code != want {
				t.Errorf("%s%s: %d, want %d", name, query, w.Code, want)
			}
		}
	}
}
