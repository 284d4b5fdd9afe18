// Package router shows streams over HTTP.
//
// [Live], [Snapshot] and [Health] are handlers for one camera, to be mounted at any route of any server. [New] is the
// whole program's surface: a page, every camera's routes, /status.
//
//	s := stream.New(&httpcam.Camera{URL: "http://camera/video"}, stream.Options{})
//	http.Handle("/garden", router.Live(s, router.Options{}))
//
// A server of streams must not set [http.Server.WriteTimeout], and no middleware around them may buffer, compress or time
// out. Close the streams before [http.Server.Shutdown], which otherwise waits for viewers for ever.
package router

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"mjpegazer/router/access"
	"mjpegazer/router/internal/conn"
)

// New serves the page at /, every camera at /NAME/live, /NAME/snapshot, /NAME/snapshot.jpg and /NAME/health, the first
// camera at /live and so on as well, many cameras on one connection at /wall, and /status; beside them the addresses of
// programs that it replaces: /stream, and /?action=stream as mjpg-streamer has it. All links are relative, so that it works below any path. Health is for everybody,
// the rest for those whom [Options.Access] lets in. It panics where a name is not fit ([CheckName]) or stands twice.
func New(cameras []Camera, options Options) http.Handler {
	r := chi.NewRouter()
	r.Use(func(next http.Handler) http.Handler { return drained(next.ServeHTTP) }, identify(options), guard(cameras, options.Access))
	options.Limits = options.limits() // one for all
	site := newSite(cameras, options)
	r.NotFound(site.unknown)
	r.MethodNotAllowed(refuse) // of methods that chi does not know
	feeds := make([]feed, len(cameras))
	for i, c := range cameras {
		if err := CheckName(c.Name); err != nil {
			panic("router: " + err.Error())
		}
		feeds[i] = newFeed(c, options)
		feeds[i].mount(r, "/"+c.Name+"/")
	}
	if len(feeds) > 0 {
		feeds[0].mount(r, "/")
		r.Handle("/stream", feeds[0].live)
	}
	r.Handle("/", reading(orAction(feeds, site.page)))
	r.Handle("/webcam", reading(action(feeds)))
	r.Handle("/webcam/", reading(action(feeds)))
	r.Handle("/assets/*", reading(assets()))
	r.Handle("/status", reading(site.status))
	r.Handle("/wall", reading(site.wall))
	return r
}

// A feed is one camera's handlers.
type feed struct{ live, snapshot, health http.Handler }

func newFeed(c Camera, options Options) feed {
	if options.Log != nil {
		options.Log = options.Log.With("camera", c.Name)
	}
	return feed{Live(c.Stream, options), Snapshot(c.Stream, options), Health(c.Stream, options)}
}

// mount adds a camera's routes below a path.
func (f feed) mount(r chi.Router, path string) {
	if r.Match(chi.NewRouteContext(), http.MethodGet, path+"live") {
		panic(fmt.Sprintf("router: two cameras are named %q", strings.Trim(path, "/")))
	}
	r.Handle(path+"live", f.live)
	r.Handle(path+"snapshot", f.snapshot)
	r.Handle(path+"snapshot.jpg", f.snapshot)
	r.Handle(path+"health", f.health)
}

// guard lets those in who may look, and everybody who asks for health.
func guard(cameras []Camera, control *access.Control) func(http.Handler) http.Handler {
	open := []string{"/health"}
	for _, c := range cameras {
		open = append(open, "/"+c.Name+"/health")
	}
	return func(next http.Handler) http.Handler {
		guarded := control.Handler(next, open...)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c := chi.RouteContext(r.Context()); c != nil && c.RoutePath != "" { // it is mounted in a router of chi's
				r = access.WithPath(r, c.RoutePath)
			}
			guarded.ServeHTTP(w, r)
		})
	}
}

// ConnContext makes viewers fresh, and lets those go early that do not read: with it the handlers know how much of what
// they wrote has arrived. It is for [http.Server.ConnContext], and all that a server must do:
//
//	server := &http.Server{Handler: handler, ConnContext: router.ConnContext}
//
// Without it everything works, but on a slow link pictures grow old in the kernel's buffers.
func ConnContext(ctx context.Context, c net.Conn) context.Context { return conn.Context(ctx, c) }

// instanceHeader tells one running program from another, in questions and answers.
const instanceHeader = "X-Mjpegazer-Instance"

// identify names the program in every answer: another one that reads from it may trust its time stamps. A program that was
// told to read itself is refused before it waits for its own first picture.
func identify(options Options) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Server", "mjpegazer/"+options.version())
			if options.Instance != "" {
				w.Header().Set(instanceHeader, options.Instance)
				if r.Header.Get(instanceHeader) == options.Instance {
					http.Error(w, "this is the program that asks", http.StatusLoopDetected)
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}

// reading answers HEAD with h's headers alone, and refuses what would write. The handlers do it, not the routes, so that
// they keep it wherever they are mounted.
func reading(h http.HandlerFunc) http.Handler {
	return drained(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			refuse(w, r)
			return
		}
		h(w, r)
	})
}

// refuse answers a method that would write.
func refuse(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "only GET and HEAD are answered here", http.StatusMethodNotAllowed)
}
