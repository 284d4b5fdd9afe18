package router

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"mjpegazer/router/access"
)

// guard puts access control around all routes but health, which is for the others where some may not see a camera, and the
// page's files, which are the same everywhere.
func guard(cameras []Camera, options Options) func(http.Handler) http.Handler {
	open := []string{"/health", "/healthz"}
	for _, c := range cameras {
		if !options.Access.Restricts(c.Name) {
			open = append(open, "/"+c.Name+"/health")
		}
	}
	for name := range assetTable {
		open = append(open, "/assets/"+name)
	}
	instance := options.Instance
	return func(next http.Handler) http.Handler {
		guarded := options.Access.Handler(next, open...)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !refusesItself(w, r, instance) {
				guarded.ServeHTTP(w, targeted(r))
			}
		})
	}
}

// targeted is a request that says what it asks for.
func targeted(r *http.Request) *http.Request { return access.WithTarget(r, targetOf(r)) }

// overviews are the paths of what shows the cameras that a client may see, or the first of them.
var overviews = append([]string{"", "status", "wall", "snapshot", "snapshot.jpg", "stream", "webcam", "webcam/"}, liveNames...)

// targetOf returns what a request asks for by its path. What is in no table here is for clients with a login alone.
func targetOf(r *http.Request) access.Target {
	path := cmp.Or(r.URL.RawPath, r.URL.Path)
	if c := chi.RouteContext(r.Context()); c != nil && c.RoutePath != "" { // it is mounted in a router of chi's
		path = c.RoutePath
	}
	t := access.Target{Path: path}
	below := strings.TrimPrefix(path, "/")
	name, rest, _ := strings.Cut(below, "/")
	switch {
	case slices.Contains(overviews, below):
		t.Sees = true
		if names := r.URL.Query()["camera"]; (below == "status" || below == "wall") && len(names) == 1 {
			t.Camera, t.Kinds = names[0], linksTo("")
		}
	case CheckName(name) == nil:
		t.Sees, t.Camera, t.Kinds = true, name, linksTo(rest)
	}
	return t
}

// linksTo returns the kinds of links that open a path below a camera's name.
func linksTo(path string) []access.Kind {
	switch {
	case path == "":
		return []access.Kind{access.Page}
	case path == "snapshot", path == "snapshot.jpg":
		return []access.Kind{access.Snapshot, access.Page}
	case slices.Contains(liveNames, path):
		return []access.Kind{access.Live, access.Page}
	}
	return nil
}

// login sends clients back to the page that have logged in; [access.Control] asks all others to.
func login(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", "./")
	w.WriteHeader(http.StatusSeeOther)
}
