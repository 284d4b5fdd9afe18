package access

import (
	"cmp"
	"context"
	"net/http"
	"slices"
)

// A Kind is what a link shows of a camera.
type Kind string

// The kinds of links.
const (
	Live     Kind = "live"     // a stream
	Snapshot Kind = "snapshot" // one picture at a time
	Page     Kind = "page"     // a page, with all that it asks for by itself
)

// A Target is what a request asks for, as its handler knows it.
type Target struct {
	// Path is where the handler is asked, which [Control.Handler] compares with its open paths. Empty means the path in the
	// request's URL; some routers mount a handler below a path and leave that in the request.
	Path string
	// Camera is the only camera that the handler shows; empty means several, or none. For clients that may not see it, it is not
	// found.
	Camera string
	// Kinds are those of the links to Camera that open it; none: no link does.
	Kinds []Kind
	// Sees says that the handler asks [Sees] or [Watches] of whatever it shows, and what it answers for a Camera that its client may
	// not see is its own affair. Clients without a login, who may see some cameras only ([Control.Anonymous]), are let in to
	// nothing else that has no Camera.
	Sees bool
}

type targetKey struct{}

// WithTarget returns r as a request that asks for t. It is for whatever is around a [Control.Handler].
func WithTarget(r *http.Request, t Target) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), targetKey{}, t))
}

// targetOf returns what a request asks for.
func targetOf(r *http.Request) Target {
	t, _ := r.Context().Value(targetKey{}).(Target)
	t.Path = cmp.Or(t.Path, r.URL.RawPath, r.URL.Path)
	return t
}

// admits reports whether clients without a login, where one is required, may ask for a target.
func (c *Control) admits(t Target) bool {
	if t.Camera != "" {
		return slices.Contains(c.Anonymous, t.Camera)
	}
	return t.Sees && len(c.Anonymous) > 0
}
