package access_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router/access"
)

// With a new token the old one is worth nothing, nor is the cookie that it gave.
func TestTokenChanges(t *testing.T) { synctest.Test(t, testTokenChanges) }

func testTokenChanges(t *testing.T) {
	path := writeFile(t, "first-token-of-all\n")
	token, err := access.OpenToken(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := guarded(&access.Control{Token: token})
	cookie := answer(t, h, "GET", "/", try{query: "?token=first-token-of-all", set: plainly}).Result().Cookies()[0]
	old := []try{
		{"bearer", "", header("Authorization", "Bearer first-token-of-all")},
		{"cookie", "", func(r *http.Request) { r.AddCookie(cookie) }},
	}
	expect := func(code int) {
		t.Helper()
		for _, try := range old {
			if w := answer(t, h, "GET", "/live", try); w.Code != code {
				t.Errorf("the old %s: %d, want %d", try.name, w.Code, code)
			}
		}
	}
	expect(200)
	for _, content := range []string{"two words", "", "first-token-of-all", "second-token-of-all"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if content == "" || strings.HasPrefix(content, "second") {
			expect(401)
		} else {
			expect(200)
		}
	}
	if w := answer(t, h, "GET", "/live", try{query: "?token=second-token-of-all", set: plainly}); w.Code != 200 {
		t.Errorf("the new token: %d", w.Code)
	}
}

// A browser that follows a link on another site keeps the cookie back (it is SameSite=Strict). It sends it when our own answer
// makes it ask again, which must happen only once.
func TestLinksOfOtherSites(t *testing.T) {
	h := guarded(&access.Control{Token: openToken(t), Users: openUsers(t, htpasswd(t, "ann", "secret", 4))})
	ask := func(site, mode string) http.Header {
		return answer(t, h, "GET", "/", try{query: "?fps=5", set: func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", site)
			r.Header.Set("Sec-Fetch-Mode", mode)
		}}).Header()
	}
	if header := ask("cross-site", "navigate"); header.Get("Refresh") != "0; url=./?fps=5" || strings.Contains(header.Get("WWW-Authenticate"), "Basic") {
		t.Errorf("%v", header)
	}
	for _, again := range [][2]string{{"same-origin", "navigate"}, {"none", "navigate"}, {"cross-site", "no-cors"}, {"", ""}} {
		if header := ask(again[0], again[1]); header.Get("Refresh") != "" || len(header.Values("WWW-Authenticate")) != 2 {
			t.Errorf("%s: %v", again, header)
		}
	}
}

// Whatever an address holds, no token is left in it and all else is as it was.
func FuzzTokenInTheAddress(f *testing.F) {
	for _, query := range []string{"token=x", "a=1&token=x&b=2", "%74oken=x", "token", "&&token=%zz&", "a;token=1", "tokens=1&Token=2"} {
		f.Add(query)
	}
	var seen *http.Request
	h := (&access.Control{}).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r }))
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/live", nil)
		r.URL.RawQuery = query
		h.ServeHTTP(httptest.NewRecorder(), r)
		var rest []string
		for pair := range strings.SplitSeq(query, "&") {
			name, _, _ := strings.Cut(pair, "=")
			if plain, err := url.QueryUnescape(name); err != nil || plain != "token" {
				rest = append(rest, pair)
			}
		}
		if got := seen.URL.RawQuery; got != strings.Join(rest, "&") || seen.URL.Query().Has("token") || r.URL.RawQuery != query {
			t.Errorf("%q became %q", query, got)
		}
		if len(rest) < strings.Count(query, "&")+1 && seen.RequestURI != seen.URL.RequestURI() {
			t.Errorf("%q is asked for as %q", query, seen.RequestURI)
		}
	})
}
