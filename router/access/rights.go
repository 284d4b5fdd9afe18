package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// An identity is who has been let in, as it was known then.
type identity struct {
	user   string            // "": a token
	hash   []byte            // of the user's password
	token  string            // name of one of Control.Tokens; "": Control.Token
	secret [sha256.Size]byte // hash of the token
}

// master reports whether the identity is the token that sees every camera.
func (id *identity) master() bool { return id.user == "" && id.token == "" }

// letsIn reports whether an identity would still be let in.
func (c *Control) letsIn(id *identity) bool {
	switch {
	case !c.requiresLogin():
		return true
	case id.master():
		return c.Token != nil && c.Token.file.Get().hash == id.secret
	case id.user == "":
		t := c.Tokens[id.token]
		return t != nil && t.file.Get().hash == id.secret
	}
	return c.Users != nil && bytes.Equal(c.Users.file.Get().hashes[id.user], id.hash)
}

// sees reports whether an identity, nil where no login is required, may see a camera. Where nobody can log in, nobody sees those
// of Viewers.
func (c *Control) sees(id *identity, camera string) bool {
	allowed, restricted := c.Viewers[camera]
	switch {
	case !restricted:
		return true
	case id == nil:
		return false
	case id.master():
		return true
	case id.user == "":
		return slices.Contains(allowed, id.token)
	}
	return slices.Contains(allowed, id.user)
}

// Restricts reports whether some of those who are let in may not see a camera.
func (c *Control) Restricts(camera string) bool {
	if c == nil {
		return false
	}
	_, restricted := c.Viewers[camera]
	return restricted
}

func (c *Control) requiresLogin() bool { return c.Users != nil || c.Token != nil || len(c.Tokens) > 0 }

// Sees reports whether the client of a request that a [Control.Handler] let in may see a camera: where it may not, the camera
// is to be for it as one that does not exist. Other requests may see every camera.
func Sees(r *http.Request, camera string) bool {
	s, _ := r.Context().Value(sessionKey{}).(*session)
	return s == nil || s.control.sees(s.id, camera)
}

// Watches is [Sees] of a request that is about to show a camera: it ends, by its context, within some seconds after its client
// has lost the right to see the camera.
func Watches(r *http.Request, camera string) bool {
	s, _ := r.Context().Value(sessionKey{}).(*session)
	if s == nil {
		return true
	}
	if !s.control.sees(s.id, camera) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cameras = append(s.cameras, camera)
	return true
}

type sessionKey struct{}

// A session is a request that was let in, while it lasts.
type session struct {
	control *Control
	id      *identity // nil: no login was required
	end     context.CancelCauseFunc

	mu      sync.Mutex
	cameras []string // that it shows
}

// errRevoked is why a request's context ends whose client is no longer let in, or may no longer see what it is shown.
var errRevoked = errors.New("the login is not valid any more")

// recheckPause is the time between two looks at those who have been let in.
const recheckPause = 2 * time.Second

// sessions are those of a Control and of those that it succeeded.
type sessions struct {
	control atomic.Pointer[Control] // the one that holds
	hints   throttle                // see hintOrigin

	mu       sync.Mutex
	open     map[*session]struct{}
	checking bool // while there are any
}

// begin makes a session of a request, which is to end with end. Who is nobody, where a login is required, may ask for what is open
// to all.
func (c *Control) begin(r *http.Request, id *identity) (in *http.Request, end func()) {
	s := &session{control: c, id: id}
	if id == nil { // there is nothing that it could lose
		return r.WithContext(context.WithValue(r.Context(), sessionKey{}, s)), func() {}
	}
	ctx, cancel := context.WithCancelCause(context.WithValue(r.Context(), sessionKey{}, s))
	s.end = cancel
	all := c.shared()
	all.add(s)
	return r.WithContext(ctx), func() {
		all.remove(s)
		cancel(nil)
	}
}

// shared returns the sessions that the Control watches over.
func (c *Control) shared() *sessions {
	c.sharing.Do(func() {
		if c.sessions == nil {
			c.sessions = &sessions{}
			c.sessions.control.Store(c)
		}
	})
	return c.sessions
}

// Succeed makes c the Control of all requests that before has let in, which is not to let in any more. Those that c would not
// let in, or not show what they watch, end within some seconds. It must be called before c is used.
func (c *Control) Succeed(before *Control) {
	c.sessions = before.shared()
	c.sessions.control.Store(c)
}

func (all *sessions) add(s *session) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.open == nil {
		all.open = map[*session]struct{}{}
	}
	all.open[s] = struct{}{}
	if !all.checking {
		all.checking = true
		time.AfterFunc(recheckPause, all.recheck)
	}
}

func (all *sessions) remove(s *session) {
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.open, s)
}

// recheck ends the sessions of those who have lost their rights.
func (all *sessions) recheck() {
	all.mu.Lock()
	open := make([]*session, 0, len(all.open))
	for s := range all.open {
		open = append(open, s)
	}
	if all.checking = len(open) > 0; all.checking {
		time.AfterFunc(recheckPause, all.recheck)
	}
	all.mu.Unlock()
	c := all.control.Load()
	for _, s := range open {
		if !c.letsIn(s.id) || !s.seesAll(c) {
			s.end(errRevoked)
		}
	}
}

func (s *session) seesAll(c *Control) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !slices.ContainsFunc(s.cameras, func(camera string) bool { return !c.sees(s.id, camera) })
}
