package access

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"mjpegazer/stream/contain"
)

// A way is how a client was let in.
type way int

const (
	openToAll way = iota // to what needs no login
	nobody               // without a login
	byMaster             // with Control.Token
	byToken              // with one of Control.Tokens
	byUser               // with a password
	byLink
)

// An identity is who has been let in, as it was known then.
type identity struct {
	way   way
	name  string // of the user or token
	hash  []byte // of the user's password
	token token
	link  link
}

// letsIn reports whether an identity would still be let in to what it asked for.
func (c *Control) letsIn(id *identity, t Target) bool {
	switch id.way {
	case byMaster:
		return !c.requiresLogin() || c.Token != nil && c.Token.file.Get() == id.token
	case byToken:
		t := c.Tokens[id.name]
		return !c.requiresLogin() || t != nil && t.file.Get() == id.token
	case byUser:
		return !c.requiresLogin() || c.Users != nil && bytes.Equal(c.Users.file.Get().hashes[id.name], id.hash)
	case byLink:
		return c.Links != nil && id.link.signedWith(c.Links.file.Get())
	}
	return !c.requiresLogin() || c.admits(t)
}

// sees reports whether an identity may see a camera. Where nobody can log in, nobody sees those of Viewers.
func (c *Control) sees(id *identity, camera string) bool {
	allowed, restricted := c.viewersOf(camera)
	switch {
	case id.way == byLink:
		return camera == id.link.camera
	case slices.Contains(c.Anonymous, camera):
		return true
	case id.way == nobody && c.requiresLogin():
		return false
	case !restricted:
		return true
	case id.way == byToken, id.way == byUser:
		return slices.Contains(allowed, id.name)
	}
	return id.way == byMaster
}

// Restricts reports whether some of those who are let in may not see a camera.
func (c *Control) Restricts(camera string) bool {
	if c == nil || slices.Contains(c.Anonymous, camera) {
		return false
	}
	_, restricted := c.viewersOf(camera)
	return restricted
}

// everybody stands for all who are let in, and for all cameras that are not named.
const everybody = "*"

// viewersOf returns who alone may see a camera, if not everybody who is let in may.
func (c *Control) viewersOf(camera string) (allowed []string, restricted bool) {
	allowed, named := c.Viewers[camera]
	if !named {
		allowed, named = c.Viewers[everybody]
	}
	return allowed, named && !slices.Contains(allowed, everybody)
}

func (c *Control) requiresLogin() bool {
	return c.Users != nil || c.Token != nil || len(c.Tokens) > 0 || c.Links != nil
}

// Anonymous reports whether the client of a request that a [Control.Handler] let in could log in, and has not: it sees the cameras
// of [Control.Anonymous] alone.
func Anonymous(r *http.Request) bool {
	s, _ := r.Context().Value(sessionKey{}).(*session)
	return s != nil && s.id.way == nobody && s.control.requiresLogin()
}

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
	id      *identity
	target  Target
	end     context.CancelCauseFunc

	mu      sync.Mutex
	cameras []string // that it shows
}

// ErrRevoked is why the context of a request ends ([context.Cause]) whose client is no longer let in, or may no longer see what it
// is shown, or whose link has expired.
var ErrRevoked = errors.New("the login is not valid any more")

// recheckPause is the time between two looks at those who have been let in.
const recheckPause = 2 * time.Second

// sessions are those of a Control and of those that it succeeded.
type sessions struct {
	control  atomic.Pointer[Control] // the one that holds
	hints    throttle                // see hintOrigin
	refusals atomic.Uint64

	mu       sync.Mutex
	open     map[*session]struct{}
	checking bool // while there are any
}

// begin makes a session of a request, which is to end with end.
func (c *Control) begin(r *http.Request, id *identity, t Target) (in *http.Request, end func()) {
	s := &session{control: c, id: id, target: t}
	ctx, stop := context.WithValue(r.Context(), sessionKey{}, s), context.CancelFunc(func() {})
	switch id.way {
	case openToAll: // there is nothing that it could lose
		return r.WithContext(ctx), stop
	case byLink:
		ctx, stop = context.WithDeadlineCause(ctx, id.link.last(time.Now()), ErrRevoked)
		ctx = context.WithValue(ctx, linkQueryKey{}, "expires="+id.link.expires+"&signature="+id.link.signature)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	s.end = cancel
	all := c.shared()
	all.add(s)
	return r.WithContext(ctx), func() {
		all.remove(s)
		cancel(nil)
		stop()
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
		stays := false
		contain.Do(c.Log, "looking at a login again panicked", func() { stays = c.letsIn(s.id, s.target) && s.seesAll(c) })
		if !stays {
			s.end(ErrRevoked)
		}
	}
}

func (s *session) seesAll(c *Control) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !slices.ContainsFunc(s.cameras, func(camera string) bool { return !c.sees(s.id, camera) })
}
