package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"mjpegazer/router"
	"mjpegazer/router/server/internal/config"
	"mjpegazer/router/server/internal/offline"
	"mjpegazer/source"
	"mjpegazer/stream"
	"mjpegazer/stream/contain"
)

const (
	absentTime = time.Second     // for which a name is not asked for again that upstream does not know
	listPause  = 5 * time.Second // from one question for upstream's list to the next
	listTime   = 5 * time.Second // for an answer
	sweepPause = time.Second
)

var errFull = errors.New("there are as many cameras as may be (-max-cameras): try again later")

// An upstream makes the cameras of another server when they are first asked for, and forgets them when nobody watches. Nil has
// none.
type upstream struct {
	log     *slog.Logger
	shared  shared
	closing *sync.WaitGroup // of streams that are forgotten
	full    *stream.Stream  // what is shown where there are too many
	ctx     context.Context // done at the end
	cancel  context.CancelFunc

	mu       sync.Mutex
	config   *config.Config
	camera   config.Camera // named [config.AnyName]
	template source.Template
	cameras  map[string]*remote
	absent   map[string]time.Time // names that upstream does not know, and until when that holds
	order    []string             // of upstream's list
	asked    time.Time            // for the list
	asking   bool
	sweeping bool
	closed   bool
}

func newUpstream(log *slog.Logger, all shared, closing *sync.WaitGroup) *upstream {
	full := stream.SourceFunc(func(context.Context, func(stream.Picture)) error { return stream.RetryAfter(errFull, time.Minute) })
	ctx, cancel := context.WithCancel(context.Background())
	return &upstream{
		ctx: ctx, cancel: cancel, log: log, shared: all, closing: closing, full: stream.New(full, stream.Options{}),
		cameras: map[string]*remote{}, absent: map[string]time.Time{},
	}
}

// change makes the cameras those of another configuration, which names [config.AnyName]. Viewers stay.
func (u *upstream) change(next *config.Config, camera config.Camera) {
	template, _ := source.ParseTemplate(camera.Source, next.Defaults(camera)) // which was checked
	u.mu.Lock()
	defer u.mu.Unlock()
	same := u.config != nil && u.camera.Same(camera)
	u.config, u.camera, u.template = next, camera, template
	for name, r := range u.cameras {
		spec, options := u.parse(name)
		r.offline.Set(spec.Offline, cmp.Or(r.Title, name))
		if r.Address = spec.Display; same {
			r.Stream.SetOptions(options)
		} else {
			r.Stream.SetSource(spec.Source, options)
		}
	}
	if !same {
		clear(u.absent)
		u.asked = time.Time{}
		u.log.Info("serving the cameras of another server", "source", source.Display(camera.Source))
	}
	u.askList()
}

// clear forgets all cameras: they are not to be had any more.
func (u *upstream) clear() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, r := range u.cameras {
		u.forget(r)
	}
	u.config, u.order = nil, nil
}

// parse returns the camera of a name.
func (u *upstream) parse(name string) (source.Spec, stream.Options) {
	log := u.log.With("camera", name)
	defaults := u.config.Defaults(u.camera)
	defaults.Log, defaults.Limit, defaults.NATS = log, u.shared.changing, u.shared.nats
	template, _ := source.ParseTemplate(u.camera.Source, defaults)
	spec, _ := template.Camera(name, func() bool { return u.gone(name) })
	return spec, stream.Options{Linger: u.config.Linger, Stall: spec.Stall, MaxFrame: spec.MaxFrame, MaxPixels: int(u.config.MaxPixels), Log: log}
}

// lookup is [router.Options].Lookup.
func (u *upstream) lookup(name string) (router.Camera, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := time.Now()
	if r := u.cameras[name]; r != nil {
		r.used = now
		return r.Camera, true
	}
	if u.closed || u.config == nil || now.Before(u.absent[name]) {
		return router.Camera{}, false
	}
	if r := u.add(name, now); r != nil {
		return r.Camera, true
	}
	return router.Camera{Name: name, Stream: u.full}, true
}

// add makes a camera, if there is room for it.
func (u *upstream) add(name string, now time.Time) *remote {
	if len(u.cameras) >= u.config.Limits.Cameras && !u.makeRoom() {
		return nil
	}
	spec, options := u.parse(name)
	s := stream.New(spec.Source, options)
	shown := offline.New(s, options.Log)
	shown.Set(spec.Offline, name)
	r := &remote{used: now, offline: shown, Camera: router.Camera{Name: name, Address: spec.Display, Stream: s, Offline: shown.Frame, OfflineForAll: shown.ForAll()}}
	u.cameras[name] = r
	u.sweepLater()
	return r
}

// makeRoom forgets the camera that nobody has asked for for longest, of those that nobody watches.
func (u *upstream) makeRoom() bool {
	var oldest *remote
	for _, r := range u.cameras {
		if (oldest == nil || r.used.Before(oldest.used)) && r.Stream.Stats().Viewers == 0 {
			oldest = r
		}
	}
	if oldest != nil {
		u.forget(oldest)
	}
	return oldest != nil
}

func (u *upstream) forget(r *remote) {
	delete(u.cameras, r.Name)
	u.closing.Go(func() { r.Stream.Close() })
}

// gone notes that upstream has no camera of a name: who waits for it is told so.
func (u *upstream) gone(name string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	r := u.cameras[name]
	if r == nil || u.closed {
		return false
	}
	if len(u.absent) < 10*u.config.Limits.Cameras { // else it is asked for again
		u.absent[name] = time.Now().Add(absentTime)
	}
	u.forget(r)
	return true
}

// take takes a camera away, to be one with a SOURCE of its own; nil: there is none of this name.
func (u *upstream) take(name string) *remote {
	u.mu.Lock()
	defer u.mu.Unlock()
	r := u.cameras[name]
	if r == nil {
		return nil
	}
	delete(u.cameras, name)
	return r
}

// sweepLater forgets in a while what is not needed any more.
func (u *upstream) sweepLater() {
	if !u.sweeping && !u.closed {
		u.sweeping = true
		time.AfterFunc(sweepPause, func() { contain.Do(u.log, "forgetting cameras panicked", u.sweep) })
	}
}

func (u *upstream) sweep() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sweeping = false
	now := time.Now()
	for name, until := range u.absent {
		if !now.Before(until) {
			delete(u.absent, name)
		}
	}
	rest := len(u.absent)
	for _, r := range u.cameras {
		if r.listed {
			continue
		}
		rest++
		if stats := r.Stream.Stats(); stats.Viewers == 0 && stats.State == stream.Idle && now.Sub(r.used) > sweepPause {
			u.forget(r)
		}
	}
	if rest > 0 {
		u.sweepLater()
	}
}

// list is [router.Options].List: upstream's list as it is known, and then what else was asked for.
func (u *upstream) list() []router.Camera {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.askList()
	var all []router.Camera
	for _, name := range u.order {
		if r := u.cameras[name]; r != nil && r.listed {
			all = append(all, r.Camera)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(u.cameras)) {
		if r := u.cameras[name]; !r.listed && r.Stream.Stats().Frames > 0 { // others may not exist
			all = append(all, r.Camera)
		}
	}
	return all
}

// askList asks upstream for its list, if that was some time ago.
func (u *upstream) askList() {
	if u.asking || u.closed || u.config == nil || time.Since(u.asked) < listPause {
		return
	}
	u.asking, u.asked = true, time.Now()
	template := u.template
	u.closing.Go(func() {
		ctx, cancel := context.WithTimeout(u.ctx, listTime)
		defer cancel()
		list, err := []source.Listing(nil), errUnforeseen
		contain.Do(u.log, "reading the list of cameras panicked", func() { list, err = template.List(ctx) })
		u.mu.Lock()
		defer u.mu.Unlock()
		if u.asking = false; err != nil {
			u.log.Debug("upstream does not say which cameras it has", "reason", err)
			return
		}
		u.note(list)
	})
}

// note takes a list over.
func (u *upstream) note(list []source.Listing) {
	for _, r := range u.cameras {
		r.listed = false
	}
	u.order = nil
	for _, l := range list {
		if u.closed || u.config == nil || router.CheckName(l.Name) != nil || len(u.order) >= u.config.Limits.Cameras {
			continue
		}
		r := u.cameras[l.Name]
		if r == nil {
			if len(u.cameras) >= u.config.Limits.Cameras {
				continue
			}
			r = u.add(l.Name, time.Time{})
		}
		if r.listed, r.VariantOf = true, l.VariantOf; config.IsTitle(l.Title) {
			r.Title = l.Title
		}
		u.order = append(u.order, l.Name)
	}
	u.sweepLater()
}

// end closes all streams.
func (u *upstream) end() (streams []*stream.Stream) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	u.cancel()
	for _, r := range u.cameras {
		streams = append(streams, r.Stream)
	}
	return append(streams, u.full)
}
