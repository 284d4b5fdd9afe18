package access_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"mjpegazer/router/access"
)

// browsing makes a request one for a page, with more header fields than that.
func browsing(fields ...string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
		for i := 0; i < len(fields); i += 2 {
			r.Header.Set(fields[i], fields[i+1])
		}
	}
}

// posted is what a handler says to a form with a token.
func posted(t *testing.T, h http.Handler, address, token string, set func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "POST", address, strings.NewReader(url.Values{"token": {token}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	set(r)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func isForm(w *httptest.ResponseRecorder) bool {
	return w.Code == 401 && strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") && strings.Contains(w.Body.String(), `<form method="post"`)
}

// Browsers that open something get a form for the token, beside the dialog for a name and password where there are users; what
// else asks gets a line of text.
func TestFormIsForBrowsers(t *testing.T) {
	users := openUsers(t, htpasswd(t, "ann", "secret", bcrypt.MinCost))
	both := guarded(&access.Control{Token: openToken(t), Users: users})
	for name, c := range map[string]struct {
		h          http.Handler
		set        func(*http.Request)
		form       bool
		challenges int
	}{
		"a browser":                 {both, browsing(), true, 2},
		"a browser that says more":  {both, browsing("Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), true, 2},
		"a frame":                   {both, browsing("Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"), true, 2},
		"no users":                  {guarded(&access.Control{Token: openToken(t)}), browsing(), true, 1},
		"a named token":             {guarded(&access.Control{Tokens: map[string]*access.Token{"screen": openToken(t)}}), browsing(), true, 1},
		"no token":                  {guarded(&access.Control{Users: users}), browsing(), false, 1},
		"a script":                  {both, browsing("Sec-Fetch-Mode", "cors"), false, 2},
		"a program":                 {both, plainly, false, 2},
		"a program that takes all":  {both, header("Accept", "*/*"), false, 2},
		"an image":                  {both, header("Accept", "image/avif,image/webp,*/*"), false, 2},
		"a browser that was let in": {both, browsing("Authorization", "Bearer "+rightToken), false, 0},
	} {
		w := answer(t, c.h, "GET", "/door/", try{query: "?bare", set: c.set})
		if isForm(w) != c.form || len(w.Header().Values("WWW-Authenticate")) != c.challenges {
			t.Errorf("%s: %d %v\n%s", name, w.Code, w.Header(), w.Body)
		}
		if !c.form {
			continue
		}
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || !strings.Contains(policy, "form-action 'self'") ||
			strings.Contains(policy, "unsafe") || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "strict-origin" {
			t.Errorf("%s: %v", name, w.Header())
		}
		if !strings.Contains(w.Body.String(), `action="./?bare"`) || strings.Contains(w.Body.String(), "<script") {
			t.Errorf("%s: %s", name, w.Body)
		}
		if strings.Contains(w.Body.String(), "user name and password</a>") != (c.challenges == 2) {
			t.Errorf("%s: a way to log in as a user: %s", name, w.Body)
		}
	}
}

// The form with the right token gives the cookie and leads to the address that was asked for, without a token in any address.
func TestFormLogsIn(t *testing.T) {
	h := guarded(&access.Control{Token: openToken(t)})
	same := browsing("Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "document")
	for address, want := range map[string]string{
		"/": "./", "/door/?bare&columns=2": "./?bare&columns=2", "/login": "./login", "/?token=wrong&bare": "./?bare", "/door/live": "./live",
	} {
		for name, set := range map[string]func(*http.Request){
			"a browser": same, "one on a plain connection": browsing("Origin", "http://example.com"),
		} {
			w := posted(t, h, address, " "+rightToken+" ", set)
			if w.Code != 303 || w.Header().Get("Location") != want || len(w.Result().Cookies()) != 1 {
				t.Errorf("%s at %s: %d %v %s", name, address, w.Code, w.Header(), w.Body)
				continue
			}
			cookie := w.Result().Cookies()[0]
			if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || strings.Contains(cookie.String(), rightToken) {
				t.Errorf("%s at %s: %v", name, address, cookie)
			}
			if w := answer(t, h, "GET", "/", try{set: func(r *http.Request) { r.AddCookie(cookie) }}); w.Code != 200 {
				t.Errorf("with the cookie: %d", w.Code)
			}
		}
	}
}

// In a frame of another site no cookie comes back: the address has what it would hold, which the page then takes from it.
func TestFormInAFrame(t *testing.T) {
	h := guarded(&access.Control{Token: openToken(t)})
	frame := browsing("Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate")
	location := posted(t, h, "/?bare", rightToken, frame).Header().Get("Location")
	if !strings.HasPrefix(location, "./?bare&token=") || strings.Contains(location, rightToken) {
		t.Fatalf("to %q", location)
	}
	if w := answer(t, h, "GET", strings.TrimPrefix(location, "."), try{set: frame}); w.Code != 200 {
		t.Errorf("%s: %d %s", location, w.Code, w.Body)
	}
}

// A wrong token takes a second, as in any other way, is counted, and shows the form again: without the dialog for users over it,
// and without the token, which the log does not have either.
func TestFormWithAWrongToken(t *testing.T) {
	var log bytes.Buffer
	control := &access.Control{
		Token: openToken(t), Users: openUsers(t, htpasswd(t, "ann", "secret", bcrypt.MinCost)), Log: slog.New(slog.NewTextHandler(&log, nil)),
	}
	h := guarded(control)
	synctest.Test(t, func(t *testing.T) {
		for i, wrong := range []string{"<b>mistyped</b>", "", rightToken + "0"} {
			begun := time.Now()
			w := posted(t, h, "/", wrong, browsing("Sec-Fetch-Site", "same-origin"))
			if d := time.Since(begun); d != time.Second {
				t.Errorf("answered after %v", d)
			}
			if !isForm(w) || !strings.Contains(w.Body.String(), `role="alert">This token is not right`) ||
				strings.Contains(w.Body.String(), "mistyped") || strings.Contains(strings.Join(w.Header().Values("WWW-Authenticate"), ""), "Basic") {
				t.Errorf("%q: %d %v %s", wrong, w.Code, w.Header(), w.Body)
			}
			if n := control.Refusals(); n != uint64(i+1) {
				t.Errorf("%d refusals", n)
			}
		}
	})
	if text := log.String(); !strings.Contains(text, `error="wrong token"`) || strings.Contains(text, "mistyped") || strings.Contains(text, rightToken) {
		t.Error(text)
	}
}

// Only browsers log in by the form, and only on a page of ours.
func TestFormsThatAreNone(t *testing.T) {
	h := guarded(&access.Control{Token: openToken(t)})
	for name, c := range map[string]struct {
		token string
		set   func(*http.Request)
		code  int
	}{
		"of another site":             {rightToken, browsing("Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), 403},
		"of another port":             {rightToken, browsing("Sec-Fetch-Site", "same-site", "Origin", "http://example.com:8080"), 403},
		"of another site, plain":      {rightToken, browsing("Origin", "http://evil.example"), 403},
		"of nobody knows which":       {rightToken, browsing("Origin", "null"), 403},
		"of a program":                {rightToken, browsing(), 401},
		"of another kind":             {rightToken, browsing("Origin", "http://example.com", "Content-Type", "text/plain"), 401},
		"too long":                    {strings.Repeat("x", 5000), browsing("Origin", "http://example.com"), 401},
		"of a program that is let in": {"x", header("Authorization", "Bearer "+rightToken), 200},
	} {
		if w := posted(t, h, "/", c.token, c.set); w.Code != c.code || len(w.Result().Cookies()) > 0 {
			t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), w.Body)
		}
	}
}
