package access

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	maxForm  = 4096            // bytes of a form's body
	formTime = 5 * time.Second // in which it must come
)

// answerForm answers the form for a token, which a browser posts to the address that it could not open: with the right token it gets
// the cookie and is sent there again. Forms on other sites are refused, and what no browser sends is not taken for a form.
func (c *Control) answerForm(w http.ResponseWriter, r *http.Request) (answered bool) {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	fromBrowser := r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
	if r.Method != http.MethodPost || media != "application/x-www-form-urlencoded" || !fromBrowser || !c.hasToken() ||
		r.ContentLength <= 0 || r.ContentLength > maxForm {
		return false
	}
	begun := time.Now()
	if new(http.CrossOriginProtection).Check(r) != nil {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "a login on a page of another web site is not accepted", http.StatusForbidden)
		return true
	}
	controller := http.NewResponseController(w)
	controller.SetReadDeadline(begun.Add(formTime)) // a writer without a connection has a body that does not wait
	err := r.ParseForm()
	controller.SetReadDeadline(time.Time{})
	text := strings.TrimSpace(r.PostForm.Get("token"))
	if t, ok := c.tokenOf(text); ok && err == nil {
		query := r.URL.RawQuery
		if fillsFrame(r) {
			query = t.addTo(query)
		}
		t.giveCookie(w, r, query)
		return true
	}
	c.refuse(w, r, begun, errWrongToken)
	return true
}

// showsForm reports whether a refused request is a browser's that would show a page.
func (c *Control) showsForm(r *http.Request, err error) bool {
	mode := r.Header.Get("Sec-Fetch-Mode")
	return c.hasToken() && (err == errLoginRequired || err == errWrongLogin || err == errWrongToken) &&
		(mode == "" || mode == "navigate") && strings.Contains(r.Header.Get("Accept"), "text/html")
}

const formStyle = `:root { color-scheme: light dark; --text: #1b2229; --ground: #f3f4f6; --accent: #0b6455; --on: #fff; --edge: #6b7682; --wrong: #b92c2c }
@media (prefers-color-scheme: dark) { :root { --text: #e6ebf0; --ground: #101418; --accent: #62d2b5; --on: #101418; --edge: #8a95a0; --wrong: #f47c7c } }
* { box-sizing: border-box; margin: 0 }
body { min-height: 100dvh; display: grid; place-items: center; padding: 1rem; background: var(--ground); color: var(--text); font: 1rem/1.4 system-ui, sans-serif }
main { width: min(100%, 20rem); display: grid; gap: .75rem }
h1 { font-size: 1.25rem }
form { display: grid; gap: .5rem }
input, button { font: inherit; width: 100%; padding: .6rem .75rem; border: 1px solid var(--edge); border-radius: 6px }
input { background: transparent; color: inherit }
button { border-color: transparent; background: var(--accent); color: var(--on); font-weight: 600; cursor: pointer }
a { color: var(--accent) }
.wrong { color: var(--wrong) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }`

// serveForm writes the page that asks for a token. It goes into the body of a request, not into an address, where histories and
// logs would keep it.
func (c *Control) serveForm(w http.ResponseWriter, r *http.Request, err error) {
	style := sha256.Sum256([]byte(formStyle))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(style[:])+
		"'; base-uri 'none'; form-action 'self'")
	h.Set("Referrer-Policy", "strict-origin") // without any, browsers would not say which site the form is on
	w.WriteHeader(http.StatusUnauthorized)
	message, again := "", html.EscapeString(samePage(r, r.URL.RawQuery))
	if err != errLoginRequired {
		message = `<p class="wrong" role="alert">` + html.EscapeString(formMessages[err]) + "</p>\n"
	}
	other := ""
	if c.Users != nil {
		other = `<p>Or <a href="` + again + `">log in with a user name and password</a>.</p>` + "\n"
	}
	io.WriteString(w, `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Log in · mjpegazer</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>`+formStyle+`</style>
</head>
<body>
<main>
<h1>Log in</h1>
`+message+`<form method="post" action="`+again+`">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Log in</button>
</form>
`+other+`</main>
</body>
</html>
`) // an error means that the client has left
}

// formMessages are what the form says after a wrong login.
var formMessages = map[error]string{
	errWrongLogin: "Wrong user name, password or token.",
	errWrongToken: "This token is not right, or no longer.",
}
