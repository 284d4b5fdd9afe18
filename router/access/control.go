package access

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Control decides who may use a handler. Its zero value, and nil, let everybody in. [Control.Handler] puts it around any
// handler; one Control may serve many. Its fields must not be changed once it is in use.
type Control struct {
	// Users and Token are those who are let in: with a user's name and password by Basic authentication (RFC 7617), or with the
	// token. Either is enough. Where there are neither Users nor a token nor Links, no login is required.
	Users *Users
	Token *Token
	// Tokens are more tokens, by their names, as Viewers has them.
	Tokens map[string]*Token
	// Links let anybody see one camera for some time. Where there are Links, a login is required, too.
	Links *Links
	// Anonymous are the cameras that need no login where others do; those of Viewers are among them, too.
	Anonymous []string
	// Viewers are the users and named tokens that alone may see a camera, by the camera's name; Token sees all. Cameras that are
	// not in it are for those of the name "*", and where there is none for everybody who is let in, as is a camera whose viewers
	// have "*" among them. See [Sees].
	Viewers map[string][]string
	// Hosts are names that the server answers to, besides localhost and IP addresses, with or without a port. A server that
	// listens on loopback alone ([BaseContext]) answers to no others, or any web page could make its own name mean this machine
	// and read from it (DNS rebinding); nor does a server that has Hosts. Unix sockets are not checked.
	Hosts []string
	// Origins are the web sites whose pages may read what is served (CORS), such as https://example.com, or "*"; see
	// [CheckOrigin].
	Origins []string
	// Public says that anyone may watch. Without it, a Control without login on a server that listens on loopback alone refuses what
	// pages of other web sites ask for, unless they are among Origins.
	Public bool
	// Proxies are trusted to say for which client they ask.
	Proxies Proxies
	// Log gets a line for a refused login, with its client and without its name, once a second at most. Nil means no log.
	Log *slog.Logger

	refused  throttle
	sharing  sync.Once
	sessions *sessions // see shared
}

// failureTime is how long the answer to a wrong password or token takes at least.
const failureTime = time.Second

// Handler returns a handler that serves next to clients that are let in. The open paths are for everybody: load balancers
// that ask for /health have no password.
//
// A browser that opens a page, a path that ends in a slash, with the token in the address gets a cookie and is sent to the
// address without the token; in a frame of another site it gets the page itself, see [LinkQuery]. One that opens any address
// without a login, where there are tokens, is answered by a form for one, which gives the cookie as well.
func (c *Control) Handler(next http.Handler, open ...string) http.Handler {
	if c == nil {
		c = &Control{}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if in, end := c.admit(w, r, open); in != nil {
			defer end()
			next.ServeHTTP(w, in)
		}
	})
}

// admit returns the request of a client that is let in, and what is to be done at its end. Nil: it was answered.
func (c *Control) admit(w http.ResponseWriter, r *http.Request, open []string) (in *http.Request, end func()) {
	w.Header().Set("Referrer-Policy", "no-referrer") // the address may have a token
	if !c.answersTo(r) {
		refuseHost(w, r)
		return nil, nil
	}
	if c.answerOrigin(w, r) {
		return nil, nil
	}
	c.hintOrigin(r)
	if !c.requiresLogin() && c.fromForeignSite(r) {
		refuseForeign(w)
		return nil, nil
	}
	r, inAddress := withoutToken(r)
	target := targetOf(r)
	if slices.Contains(open, target.Path) {
		return c.begin(r, &identity{}, target)
	}
	if c.answerForm(w, r) {
		return nil, nil
	}
	begun := time.Now()
	id, err := c.check(r, inAddress, target)
	switch {
	case err != nil:
		c.refuse(w, r, begun, err)
		return nil, nil
	case id.way == nobody && c.fromForeignSite(r):
		refuseForeign(w)
		return nil, nil
	}
	page := strings.HasSuffix(target.Path, "/") && opensPage(r)
	if t, ok := c.tokenOf(inAddress); ok {
		var answered bool
		if r, answered = t.open(w, r, inAddress, page); answered {
			return nil, nil
		}
	}
	if page && id.way == nobody && c.hasToken() && fromOtherSite(r) { // the browser may have a cookie
		w.Header().Set("Refresh", again(r))
	}
	r, end = c.begin(r, id, target)
	if target.Camera != "" && !target.Sees && !Watches(r, target.Camera) {
		end()
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "not found", http.StatusNotFound)
		return nil, nil
	}
	return r, end
}

// opensPage reports whether a request may be one for a page, which goes on to ask for other things by itself.
func opensPage(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && !r.URL.Query().Has("action")
}

var (
	errLoginRequired = errors.New("login required")
	errWrongLogin    = errors.New("wrong user name, password or token")
	errWrongToken    = errors.New("wrong token")
)

// check returns whose request it is that is let in. Where the address has a link, that alone counts.
func (c *Control) check(r *http.Request, inAddress string, t Target) (*identity, error) {
	if !c.requiresLogin() {
		return &identity{way: nobody}, nil
	}
	if claimed, ok := linkIn(r); ok && c.Links != nil {
		return c.Links.check(claimed, t, time.Now())
	}
	shown := inAddress != "" || r.Header.Get("Authorization") != ""
	for name, t := range c.tokens() {
		t := t.file.Get()
		any, right := t.shown(r, inAddress)
		if right {
			if name == "" {
				return &identity{way: byMaster, token: t}, nil
			}
			return &identity{way: byToken, name: name, token: t}, nil
		}
		shown = shown || any
	}
	if name, password, ok := r.BasicAuth(); ok && c.Users != nil {
		hash, err := c.Users.check(r.Context(), name, password, c.Client(r))
		if err != nil {
			return nil, err
		}
		if hash != nil {
			return &identity{way: byUser, name: name, hash: hash}, nil
		}
	}
	switch {
	case shown:
		return nil, errWrongLogin
	case c.admits(t):
		return &identity{way: nobody}, nil
	}
	return nil, errLoginRequired
}

// refuse answers a request that is not let in, a wrong login after a while.
func (c *Control) refuse(w http.ResponseWriter, r *http.Request, begun time.Time, err error) {
	if err != errLoginRequired && !errors.Is(err, errLinkExpired) {
		c.shared().refusals.Add(1)
		c.logRefusal(r, err)
		if !sleep(r.Context(), failureTime-time.Since(begun)) {
			return
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	if err == errTooMany {
		w.Header().Set("Retry-After", "1")
		http.Error(w, err.Error()+": try again", http.StatusTooManyRequests)
		return
	}
	if err == errLinkChanged || errors.Is(err, errLinkExpired) {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	hint := ""
	hasToken := c.hasToken()
	if hasToken {
		w.Header().Add("WWW-Authenticate", `Bearer realm="mjpegazer"`)
		hint = ": a token goes into the address, as ?token=…, or into the header Authorization: Bearer …"
	}
	if hasToken && err == errLoginRequired && fromOtherSite(r) {
		w.Header().Set("Refresh", again(r))
	} else if c.Users != nil && err != errWrongToken { // whose form is shown again, without a dialog over it
		w.Header().Add("WWW-Authenticate", `Basic realm="mjpegazer", charset="UTF-8"`)
	}
	if !hasToken && c.Users == nil {
		hint = ": only links are let in"
	}
	if c.showsForm(r, err) {
		c.serveForm(w, r, err)
		return
	}
	http.Error(w, err.Error()+hint, http.StatusUnauthorized)
}

func (c *Control) hasToken() bool { return c.Token != nil || len(c.Tokens) > 0 }

// fromOtherSite reports whether a person followed a link on another site. The browser then keeps the cookie back, which is
// SameSite=Strict, but not when our own answer makes it ask again.
func fromOtherSite(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Mode") == "navigate"
}

// again has a browser open the same page at once. It names the page: one whose address has a fragment, which is lost, would else stay.
func again(r *http.Request) string { return "0; url=" + samePage(r, r.URL.RawQuery) }

// Refusals returns how many requests were refused for a wrong login, or as too many came with one, by c and by those that it
// succeeded.
func (c *Control) Refusals() uint64 {
	if c == nil {
		return 0
	}
	return c.shared().refusals.Load()
}

func (c *Control) logRefusal(r *http.Request, err error) {
	if c.Log == nil {
		return
	}
	if more, ok := c.refused.pass(time.Now(), time.Second); ok {
		message := "login refused"
		if err == errLinkChanged {
			message = "link refused"
		}
		c.Log.Warn(message, "client", c.Client(r), "error", err, "more", more)
	}
}

// sleep returns after d, or false as soon as ctx is done.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// A throttle lets one line of a time through.
type throttle struct {
	mu   sync.Mutex
	next time.Time
	held int // lines since the last that passed
}

// pass reports whether a line may pass, and how many were held back before it.
func (t *throttle) pass(now time.Time, pause time.Duration) (held int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(t.next) {
		t.held++
		return 0, false
	}
	held, t.held, t.next = t.held, 0, now.Add(pause)
	return held, true
}
