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

// Control says who may look. Its zero value, and nil, let everybody in. [Control.Handler] puts it around any handler; one
// Control may serve many handlers.
type Control struct {
	// Users and Token are those who may look, by Basic authentication (RFC 7617) and by showing the token; either will do.
	// Nil: none of them; both nil: everybody.
	Users *Users
	Token *Token
	// Hosts are names that the server answers to, besides localhost and addresses. A server that listens on loopback alone
	// ([BaseContext]) answers to no others, or any page could make its name mean this machine and read from it (DNS
	// rebinding); nor does one that has Hosts. Connections through Unix sockets pass.
	Hosts []string
	// Origins are those whose pages may read what is served here (CORS), such as https://example.com, or "*"; see
	// [CheckOrigin].
	Origins []string
	// Proxies may say from where their clients come.
	Proxies Proxies
	// Log tells of refused log-ins, without names, once a second at most. Nil: nobody.
	Log *slog.Logger

	refused throttle
}

// failureTime is how long the answer to a wrong password or token takes at least.
const failureTime = time.Second

// Handler serves next to those who may look. The paths in open are for everybody: balancers that ask for /health have no
// password.
//
// A browser that shows the token in the address of a page, one that ends in a slash, gets a cookie instead and is sent to
// the address without it.
func (c *Control) Handler(next http.Handler, open ...string) http.Handler {
	if c == nil {
		c = &Control{}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Referrer-Policy", "no-referrer") // of addresses with tokens
		if !c.answersTo(r) {
			refuseHost(w, r)
			return
		}
		if c.shareWithOrigin(w, r) {
			return
		}
		r, inAddress := withoutToken(r)
		path := pathOf(r)
		if slices.Contains(open, path) {
			next.ServeHTTP(w, r)
			return
		}
		begun := time.Now()
		if err := c.judge(r, inAddress); err != nil {
			c.refuse(w, r, begun, err)
			return
		}
		if c.Token != nil && strings.HasSuffix(path, "/") && settles(r) && c.Token.file.Get().is(inAddress) {
			c.Token.file.Get().settle(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

type pathKey struct{}

// WithPath returns r with the path that its handler knows it by, where that is not the path in r.URL: some routers mount a
// handler below a path and leave that in the request. [Control.Handler] compares its open paths with it.
func WithPath(r *http.Request, path string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), pathKey{}, path))
}

// pathOf is the path that the handler knows.
func pathOf(r *http.Request) string {
	if path, ok := r.Context().Value(pathKey{}).(string); ok {
		return path
	}
	if r.URL.RawPath != "" {
		return r.URL.RawPath
	}
	return r.URL.Path
}

// settles reports whether a request is one for a page, which goes on to ask for other things by itself.
func settles(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && !r.URL.Query().Has("action")
}

var (
	errNothingShown = errors.New("show who you are")
	errWrong        = errors.New("that is not right")
)

// judge is nil for who may look.
func (c *Control) judge(r *http.Request, inAddress string) error {
	if c.Users == nil && c.Token == nil {
		return nil
	}
	shown := inAddress != "" || r.Header.Get("Authorization") != ""
	if c.Token != nil {
		any, right := c.Token.file.Get().shown(r, inAddress)
		if right {
			return nil
		}
		shown = shown || any
	}
	if name, password, ok := r.BasicAuth(); ok && c.Users != nil {
		right, err := c.Users.admit(r.Context(), name, password, c.Client(r))
		if right || err != nil {
			return err
		}
	}
	if shown {
		return errWrong
	}
	return errNothingShown
}

// refuse answers who may not look; who showed what is wrong waits for it.
func (c *Control) refuse(w http.ResponseWriter, r *http.Request, begun time.Time, err error) {
	if err != errNothingShown {
		c.tell(r, err)
		if !sleep(r.Context(), failureTime-time.Since(begun)) {
			return
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	if err == errCrowded {
		w.Header().Set("Retry-After", "1")
		http.Error(w, err.Error()+": try again", http.StatusTooManyRequests)
		return
	}
	hint := ""
	if c.Token != nil {
		w.Header().Add("WWW-Authenticate", `Bearer realm="mjpegazer"`)
		hint = "; the token goes into the address, as ?token=…, or into the header Authorization: Bearer …"
	}
	if c.Token != nil && err == errNothingShown && arrivesFromElsewhere(r) {
		w.Header().Set("Refresh", "0")
	} else if c.Users != nil {
		w.Header().Add("WWW-Authenticate", `Basic realm="mjpegazer", charset="UTF-8"`)
	}
	http.Error(w, err.Error()+hint, http.StatusUnauthorized)
}

// arrivesFromElsewhere reports whether a person followed a link on another site. The browser then keeps the cookie back,
// which is SameSite=Strict, but not when our own answer makes it ask again.
func arrivesFromElsewhere(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Mode") == "navigate"
}

func (c *Control) tell(r *http.Request, err error) {
	if c.Log == nil {
		return
	}
	if more, ok := c.refused.pass(time.Now()); ok {
		c.Log.Warn("log-in refused", "client", c.Client(r), "error", err, "more", more)
	}
}

// sleep reports whether it could sleep for so long.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// A throttle lets one line a second through.
type throttle struct {
	mu   sync.Mutex
	next time.Time
	held int // lines since the last that passed
}

// pass reports whether a line may pass, and how many were held before it.
func (t *throttle) pass(now time.Time) (held int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(t.next) {
		t.held++
		return 0, false
	}
	held, t.held, t.next = t.held, 0, now.Add(time.Second)
	return held, true
}
