package router

import (
	"errors"
	"net/http"
	"regexp"
	"slices"

	"github.com/go-chi/chi/v5"

	"mjpegazer/router/access"
	"mjpegazer/stream"
)

// A Camera is a Stream with a name. Fields that are left out are not shown.
type Camera struct {
	Name    string // as in /NAME/live; see [CheckName]
	Title   string // for people to read; empty: the name
	Stream  *stream.Stream
	Address string // of the camera, for people to read: it must hold no secrets

	// VariantOf is the name of the camera of which this one shows the pictures, changed. The page shows no variants by themselves.
	VariantOf string

	// Offline and OfflineForAll are those of the [Options] of its handlers.
	Offline       func(stats stream.Stats, browser bool) *stream.Frame
	OfflineForAll bool
}

// reserved are the first elements of paths that are routes of their own, or may become some.
var reserved = []string{
	"live", "snapshot", "snapshot.jpg", "health", "status", "stream", "webcam", "metrics", "api", "assets", "wall", "healthz", "login",
	"live.mjpg", "live.mjpeg", "stream.mjpg", "stream.mjpeg",
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// CheckName returns what is wrong with a camera's name: it is part of a path, beside the routes of the program. The error does
// not repeat the name.
func CheckName(name string) error {
	if !namePattern.MatchString(name) {
		return errors.New("a name has letters, digits, '.', '_' and '-', and begins with a letter or digit")
	}
	if slices.Contains(reserved, name) {
		return errors.New("the name is a route of this program: choose another, as in other=SOURCE")
	}
	return nil
}

// visible returns the cameras that the client of a request may see. All that names cameras to clients asks here.
func (s *site) visible(r *http.Request) []Camera {
	sees, all := func(c Camera) bool { return access.Sees(r, c.Name) }, s.all()
	if !slices.ContainsFunc(all, func(c Camera) bool { return !sees(c) }) {
		return all
	}
	var visible []Camera
	for _, c := range all {
		if sees(c) {
			visible = append(visible, c)
		}
	}
	return visible
}

// all are the cameras that are known.
func (s *site) all() []Camera {
	if s.options.List == nil {
		return s.cameras
	}
	all := slices.Clip(s.cameras)
	for _, c := range s.options.List() {
		if !slices.ContainsFunc(s.cameras, func(own Camera) bool { return own.Name == c.Name }) {
			all = append(all, c)
		}
	}
	return all
}

// find returns the camera of a name that the client of a request may see.
func (s *site) find(r *http.Request, name string) (Camera, bool) {
	if !access.Sees(r, name) {
		return Camera{}, false
	}
	for _, c := range s.cameras {
		if c.Name == name {
			return c, true
		}
	}
	if s.options.Lookup == nil || CheckName(name) != nil {
		return Camera{}, false
	}
	return s.options.Lookup(name)
}

// visibleFeeds returns the feeds of the cameras that the client of a request may see.
func visibleFeeds(feeds []feed, r *http.Request) []feed {
	return slices.DeleteFunc(slices.Clone(feeds), func(f feed) bool { return !access.Sees(r, f.name) })
}

// only serves h to clients that may see a camera. For all others there is none of that name.
func (s *site) only(camera string, h http.Handler) http.Handler {
	return &restricted{s, camera, h}
}

type restricted struct {
	site   *site
	camera string
	next   http.Handler
}

func (h *restricted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !access.Watches(r, h.camera) {
		h.site.notFound(w, r)
		return
	}
	h.next.ServeHTTP(w, r)
}

// first is the first camera that the client of a request may see.
func (s *site) first(feeds []feed) feed {
	return s.each(func(r *http.Request) (feed, bool) {
		if visible := visibleFeeds(feeds, r); len(visible) > 0 {
			return visible[0], true
		}
		if visible := s.visible(r); len(visible) > 0 {
			return s.newFeed(visible[0]), true
		}
		return feed{}, false
	})
}

// lookedUp is the camera that [Options.Lookup] has for the name in the path.
func (s *site) lookedUp() feed {
	return s.each(func(r *http.Request) (feed, bool) {
		c, ok := s.find(r, chi.URLParam(r, "name"))
		if !ok {
			return feed{}, false
		}
		return s.newFeed(c), true
	})
}

// each is a feed that is another one for each request.
func (s *site) each(choose func(r *http.Request) (feed, bool)) feed {
	handler := func(of func(feed) http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f, ok := choose(r)
			if !ok {
				s.notFound(w, r)
				return
			}
			of(f).ServeHTTP(w, r)
		})
	}
	return feed{
		live:     handler(func(f feed) http.Handler { return f.live }),
		snapshot: handler(func(f feed) http.Handler { return f.snapshot }),
		health:   handler(func(f feed) http.Handler { return f.health }),
		page:     handler(func(f feed) http.Handler { return f.page }),
	}
}
