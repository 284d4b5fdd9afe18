// Package router serves streams over HTTP: a camera as MJPEG, as single pictures, and what is known of it.
//
// [Live], [Snapshot] and [Health] are handlers for one camera, to be mounted at any route of any server:
//
//	s := stream.New(&httpcam.Camera{URL: "http://camera/video"}, stream.Options{Linger: stream.DefaultLinger})
//	defer s.Close()
//	http.Handle("/garden", router.Live(s, router.Options{Heartbeat: router.DefaultHeartbeat}))
//
// [New] is all that the program mjpegazer serves: a page with all cameras, the routes of each, and /status.
//
// A server of streams needs three things:
//
//   - [http.Server.ConnContext] is to be [ConnContext], or pictures grow old on slow links;
//   - [http.Server.WriteTimeout] must not be set, and no middleware around the handlers may end a request after some time, or
//     collect the answer until it is complete, as [http.TimeoutHandler] does: a stream has no end. One that logs or compresses
//     works if it passes on Flush, and costs two more system calls for each picture;
//   - the streams are to be closed before [http.Server.Shutdown], which otherwise waits for their viewers for ever.
//
// The handlers answer GET and HEAD. HEAD starts no camera. Answers without a picture are one line of text that says why:
//
//   - 400 to a query that makes no sense, such as fps=0;
//   - 404 to an unknown path, with the names of the cameras;
//   - 405 to other methods, and 413 to a request's body that is larger than 64 KB or takes longer than 5 s;
//   - 500 where nothing can be sent before the answer is complete;
//   - 503, with Retry-After, while a camera has no picture, or where there are as many viewers as [Limits] allow;
//   - 508 to the program itself, where it was told to read its own address, and to one that the pictures come from.
//
// [Options.Access] adds those of package access.
package router

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"mjpegazer/router/access"
	"mjpegazer/router/internal/conn"
	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// Options are the options of all handlers. The zero value serves everybody.
type Options struct {
	// Access is the access control of [New], [Live] and [Snapshot]; [Health] is for everybody. Nil lets everybody in.
	Access *access.Control
	// Log gets a line at debug level for each viewer that comes and goes. Nil means no log.
	Log *slog.Logger
	// HealthThreshold is how many consecutive failures make a camera unhealthy; 0 means [DefaultHealthThreshold].
	HealthThreshold int
	// Version is what /status and the Server header say; empty means "devel".
	Version string
	// Started is when the program was started; zero means when the handlers were made.
	Started time.Time
	// Reloaded returns when the program's configuration was last read, when it last was without a mistake, and what is wrong
	// with it, one line each; none means that it holds. Nil means that there is no configuration to reload.
	Reloaded func() (at, successful time.Time, mistakes []string)
	// Instance tells this program from all others: a request that has it in X-Mjpegazer-Instance, as its own pictures would come
	// back to it, is refused. Empty means no check.
	Instance string
	// Heartbeat is how long a stream may be silent. Then the last picture is sent again, or a header line while the camera is
	// down, so that no proxy takes the connection for dead. 0 means no heartbeat; see [DefaultHeartbeat].
	Heartbeat time.Duration
	// Lookup returns the camera of a name that [New] was not given, and whether there is one, for each request: for cameras that
	// come and go, or are made when they are first asked for. It must be quick. Nil means that there are no others.
	Lookup func(name string) (Camera, bool)
	// List returns the cameras of Lookup that are known, in the order of the page. It must be quick. Nil means that none is shown
	// before somebody asks for it.
	List func() []Camera
	// NoMetrics leaves /metrics out of [New], for a program that serves [Metrics] elsewhere.
	NoMetrics bool
	// Offline returns what viewers are shown while the camera has no picture, for clients that ask for pictures as browsers do and
	// for others: a frame of [stream.Picture.Offline], the same until what it shows is to change. It is sent within a second, and
	// again each 5 s. Nil, or no frame: nothing is shown. [New] takes that of each [Camera]. It must be quick.
	Offline func(stats stream.Stats, browser bool) *stream.Frame
	// OfflineForAll says that Offline has something for others than browsers. Else they are shown it with their next heartbeat at
	// the earliest.
	OfflineForAll bool
	// ExternalURL is where viewers open the page, if that is not here: the address, absolute and with a slash at its end, of something
	// that redirects each of them to one of several servers. When this server does not answer any more the page goes back there, and
	// it names the addresses there for other programs.
	ExternalURL string
	// Limits are what viewers may use together, of all handlers with the same Limits. Nil means none, and for [New] that all
	// its cameras share the bound of the memory.
	Limits *Limits

	camera string // name of the handlers' camera, if it has one
}

// Defaults of the program mjpegazer, for others to use.
const (
	DefaultHealthThreshold = 3
	DefaultHeartbeat       = 4 * time.Second // less than the 5 s after which many clients give up
)

func (o Options) healthThreshold() int { return cmp.Or(o.HealthThreshold, DefaultHealthThreshold) }
func (o Options) version() string      { return cmp.Or(o.Version, "devel") }

func (o Options) limits() *Limits {
	if o.Limits == nil {
		return &Limits{}
	}
	return o.Limits
}

// New serves the page of all cameras at /, and of each at /NAME/; every camera at /NAME/live, /NAME/snapshot, /NAME/snapshot.jpg
// and /NAME/health; the first camera also at /live and so on; many cameras on one connection at /wall; /status, a JSON object
// about all cameras; /metrics, see [Metrics]; /healthz, which answers as long as the program does, whatever its cameras do; and
// /login, which asks for a login where [access.Control] has anonymous clients. Beside them it serves the addresses of programs
// that it replaces, /stream and /?action=stream as mjpg-streamer, and those that players expect, such as /live.mjpg. All links
// are relative, so that it works below any path. Health is for everybody, the rest for clients that [Options.Access] lets in. A
// camera that a client may not see is for it as if it did not exist, and the first camera is the first of those that it may see.
//
// It panics where a name is not fit ([CheckName]) or two cameras have the same.
func New(cameras []Camera, options Options) http.Handler {
	options.Limits = options.limits()
	r := chi.NewRouter()
	drain := func(next http.Handler) http.Handler { return &drained{next} }
	r.Use(identify(options), drain, guard(cameras, options))
	site := newSite(cameras, options)
	r.NotFound(site.notFound)
	r.MethodNotAllowed(refuseMethod) // of methods that chi does not know
	feeds := make([]feed, len(cameras))
	for i, c := range cameras {
		if err := CheckName(c.Name); err != nil {
			panic(fmt.Sprintf("router: camera %q: %v", c.Name, err))
		}
		feeds[i] = site.newFeed(c)
		feeds[i].mount(r, "/"+c.Name+"/")
		feeds[i].mountPage(r, "/"+c.Name)
	}
	if len(feeds) > 0 || options.List != nil {
		first := site.first(feeds)
		first.mount(r, "/")
		r.Handle("/stream", first.live)
	}
	if options.Lookup != nil {
		found := site.lookedUp()
		found.mount(r, "/{name}/")
		found.mountPage(r, "/{name}")
	}
	r.Handle("/", reading(orAction(feeds, site.page)))
	r.Handle("/webcam", reading(action(feeds)))
	r.Handle("/webcam/", reading(action(feeds)))
	r.Handle("/assets/*", reading(assets()))
	r.Handle("/status", reading(site.status))
	r.Handle("/wall", reading(site.wall))
	r.Handle("/healthz", reading(healthz))
	r.Handle("/login", reading(login))
	if !options.NoMetrics {
		r.Handle("/metrics", reading(site.metrics))
	}
	return r
}

// A feed is one camera's handlers.
type feed struct {
	name                         string // of the camera
	live, snapshot, health, page http.Handler
}

func (s *site) newFeed(c Camera) feed {
	options := s.options
	options.camera, options.Offline, options.OfflineForAll = c.Name, c.Offline, c.OfflineForAll
	if options.Log != nil {
		options.Log = options.Log.With("camera", c.Name)
	}
	return feed{
		name: c.Name, live: s.only(c.Name, live(c.Stream, options)), snapshot: s.only(c.Name, snapshot(c.Stream, options)),
		health: s.only(c.Name, Health(c.Stream, options)), page: s.only(c.Name, s.pageOf(c)),
	}
}

// liveNames are the last elements of the addresses of a stream: OpenCV and some players recognize one by its ending.
var liveNames = []string{"live", "live.mjpg", "live.mjpeg", "stream.mjpg", "stream.mjpeg"}

// mount adds a camera's routes below a path.
func (f feed) mount(r chi.Router, path string) {
	if r.Match(chi.NewRouteContext(), http.MethodGet, path+"live") {
		panic(fmt.Sprintf("router: two cameras are named %q", strings.Trim(path, "/")))
	}
	for _, name := range liveNames {
		r.Handle(path+name, f.live)
	}
	r.Handle(path+"snapshot", f.snapshot)
	r.Handle(path+"snapshot.jpg", f.snapshot)
	r.Handle(path+"health", f.health)
}

// mountPage adds a camera's page, which has a slash at its end.
func (f feed) mountPage(r chi.Router, path string) {
	r.Handle(path, f.page)
	r.Handle(path+"/", f.page)
}

// ConnContext keeps viewers fresh, and ends those early that do not read: with it the handlers know how much of what they wrote
// has arrived. It is an [http.Server.ConnContext], and all that a server must do:
//
//	server := &http.Server{Handler: handler, ConnContext: router.ConnContext}
//
// Without it everything works, but on a slow link pictures grow old in the kernel's buffers.
func ConnContext(ctx context.Context, c net.Conn) context.Context { return conn.Context(ctx, c) }

// identify names the program in every answer: another one that reads from it may trust its timestamps. It also sets what holds
// for all answers but those that say otherwise: no cache stores them, and no other server learns the address.
func identify(options Options) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return &identified{next, "mjpegazer/" + options.version(), options.Instance}
	}
}

type identified struct {
	next             http.Handler
	server, instance string
}

func (i *identified) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.introduce(w.Header())
	i.next.ServeHTTP(w, r)
}

func (i *identified) introduce(h http.Header) {
	h.Set("Server", i.server)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	if i.instance != "" {
		h.Set(mjpeg.InstanceHeader, mjpeg.Via{i.instance}.String())
	}
}

// refusesItself refuses a program that was told to read itself, before it waits for its own first picture.
func refusesItself(w http.ResponseWriter, r *http.Request, instance string) bool {
	if instance == "" || !nearest(via(r)).Meets(mjpeg.Via{instance}) {
		return false
	}
	refuseCircle(w)
	return true
}

// via returns the programs that the pictures of an answer go to.
func via(r *http.Request) mjpeg.Via { return mjpeg.ParseVia(r.Header.Values(mjpeg.InstanceHeader)) }

// nearest is who asks, of the programs that pictures go to. Only of itself can a client not lie to the harm of others.
func nearest(to mjpeg.Via) mjpeg.Via { return to[:min(len(to), 1)] }

// waits reports whether a program asks for pictures for which this one waits in its turn, by way of that program: both would wait
// for ever. It needs to be so only while there is no picture: what a client says does not keep others from a camera that works.
func waits(s *stream.Stream, to mjpeg.Via, options *Options) bool {
	if len(to) < 2 || !to.Meets(mjpeg.Via{options.Instance}) {
		return false
	}
	state := s.Stats().State
	return state == stream.Connecting || state == stream.Down
}

// passing is [stream.ViewerOptions].Via of a viewer whose pictures go to some programs; nil: to none.
func passing(to mjpeg.Via) func() mjpeg.Via {
	if to == nil {
		return nil
	}
	return func() mjpeg.Via { return to }
}

// passed tells the programs that the pictures of an answer have come by, beside this one. It reports false to a program that they
// come from.
func passed(w http.ResponseWriter, to mjpeg.Via, f *stream.Frame) bool {
	if len(f.Via) > 0 {
		all := mjpeg.ParseVia(w.Header().Values(mjpeg.InstanceHeader)).Then(f.Via)
		w.Header().Set(mjpeg.InstanceHeader, all.String())
	}
	if nearest(to).Meets(f.Via) {
		refuseCircle(w)
		return false
	}
	return true
}

func refuseCircle(w http.ResponseWriter) {
	http.Error(w, errCircle.Error(), http.StatusLoopDetected)
}

// errCircle is why a program that pictures come from cannot get them.
var errCircle = errors.New("this is mjpegazer's own address, directly or by way of others: it cannot be its own source")
