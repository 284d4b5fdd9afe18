package router

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
)

// Access says who may look, and what is true of whoever does. Its zero value, and nil, let everybody in. [New] takes it as
// [Options.Access]; [Access.Handler] puts it around any other handler. One Access may serve many handlers.
type Access struct {
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
func (a *Access) Handler(next http.Handler, open ...string) http.Handler {
	if a == nil {
		a = &Access{}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Referrer-Policy", "no-referrer") // of addresses with tokens
		if !a.answersTo(r) {
			refuseHost(w, r)
			return
		}
		if a.shareWithOrigin(w, r) {
			return
		}
		r, inAddress := withoutToken(r)
		path := routePath(r)
		if slices.Contains(open, path) {
			next.ServeHTTP(w, r)
			return
		}
		begun := time.Now()
		if err := a.judge(r, inAddress); err != nil {
			a.refuse(w, r, begun, err)
			return
		}
		if a.Token != nil && strings.HasSuffix(path, "/") && settles(r) && a.Token.file.get().is(inAddress) {
			a.Token.file.get().settle(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// routePath is the path that chi routes, also where this handler is mounted in a router of chi's.
func routePath(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil && c.RoutePath != "" {
		return c.RoutePath
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
func (a *Access) judge(r *http.Request, inAddress string) error {
	if a.Users == nil && a.Token == nil {
		return nil
	}
	shown := inAddress != "" || r.Header.Get("Authorization") != ""
	if a.Token != nil {
		any, right := a.Token.file.get().shown(r, inAddress)
		if right {
			return nil
		}
		shown = shown || any
	}
	if name, password, ok := r.BasicAuth(); ok && a.Users != nil {
		right, err := a.Users.admit(r.Context(), name, password, a.Client(r))
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
func (a *Access) refuse(w http.ResponseWriter, r *http.Request, begun time.Time, err error) {
	if err != errNothingShown {
		a.tell(r, err)
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
	if a.Token != nil {
		w.Header().Add("WWW-Authenticate", `Bearer realm="mjpegazer"`)
		hint = "; the token goes into the address, as ?token=…, or into the header Authorization: Bearer …"
	}
	if a.Token != nil && err == errNothingShown && arrivesFromElsewhere(r) {
		w.Header().Set("Refresh", "0")
	} else if a.Users != nil {
		w.Header().Add("WWW-Authenticate", `Basic realm="mjpegazer", charset="UTF-8"`)
	}
	http.Error(w, err.Error()+hint, http.StatusUnauthorized)
}

// arrivesFromElsewhere reports whether a person followed a link on another site. The browser then keeps the cookie back,
// which is SameSite=Strict, but not when our own answer makes it ask again.
func arrivesFromElsewhere(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Mode") == "navigate"
}

func (a *Access) tell(r *http.Request, err error) {
	if a.Log == nil {
		return
	}
	if more, ok := a.refused.pass(time.Now()); ok {
		a.Log.Warn("log-in refused", "client", a.Client(r), "error", err, "more", more)
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
