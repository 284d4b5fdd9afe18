package server

import (
	"cmp"
	"log/slog"
	"slices"
	"sync"
	"time"

	"mjpegazer/router"
	"mjpegazer/router/server/internal/config"
	"mjpegazer/router/server/internal/offline"
	"mjpegazer/source"
	"mjpegazer/source/nats"
	"mjpegazer/source/variant"
	"mjpegazer/stream"
)

// A camera is one that is served.
type camera struct {
	config.Camera
	address string // for people
	nats    bool   // another machine publishes it
	options stream.Options
	stream  *stream.Stream
	offline *offline.Picture
}

// shared is what all cameras share.
type shared struct {
	changing *variant.Limit // of pictures that variants work on
	nats     *nats.Connections
}

// A remote is a camera of another server.
type remote struct {
	router.Camera
	offline *offline.Picture
	used    time.Time
	listed  bool // upstream says that it has it
}

// cameras are those that are served, in the page's order.
type cameras []*camera

// router are the cameras as the handlers want them.
func (all cameras) router() []router.Camera {
	list := make([]router.Camera, len(all))
	for i, c := range all {
		list[i] = router.Camera{
			Name: c.Name, Title: c.Title, Stream: c.stream, Address: c.address, VariantOf: c.VariantOf,
			Offline: c.offline.Frame, OfflineForAll: c.offline.ForAll(),
		}
	}
	return list
}

// named is the camera of a name, or nil.
func (all cameras) named(name string) *camera {
	for _, c := range all {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// A cameraPlan is what is to become of one camera.
type cameraPlan struct {
	camera
	before *camera // nil: there is none of this name
	spec   source.Spec
	keeps  bool // it keeps its source
}

// planCameras compares the cameras that there are with those that there are to be. It opens nothing.
func planCameras(before cameras, next *config.Config, all shared, log *slog.Logger) ([]cameraPlan, error) {
	var plans []cameraPlan
	for _, c := range next.Cameras {
		if c.Name == config.AnyName {
			continue
		}
		defaults := next.Defaults(c)
		defaults.Log = log.With("camera", c.Name, "source", source.Display(c.Source))
		defaults.Limit, defaults.NATS = all.changing, all.nats
		spec, err := source.Parse(c.Source, defaults)
		if err != nil {
			return nil, err // which was checked
		}
		plan := cameraPlan{spec: spec, before: before.named(c.Name), camera: camera{Camera: c, address: spec.Display, nats: spec.NATS, options: stream.Options{
			Linger: next.Linger, Keep: next.Keep || spec.Keep, Stall: spec.Stall, MaxFrame: spec.MaxFrame, MaxPixels: int(next.MaxPixels),
			Log: defaults.Log,
		}}}
		if spec.Camera != "" { // it costs work while it runs, and is back at once: its camera lingers
			plan.options.NoStall, plan.options.Linger, plan.options.Keep = true, 0, false
		}
		// What has come by standard input cannot be read again. What changes pictures knows the limit itself.
		_, changes := spec.Source.(*variant.Source)
		if b := plan.before; b != nil {
			same := b.Same(c) && (!changes || b.options.MaxPixels == plan.options.MaxPixels)
			plan.keeps = same || spec.Display == "-" && b.address == "-"
		}
		plans = append(plans, plan)
	}
	return plans, nil
}

// carryOutCameras makes plans true, a camera before its variants. One of upstream's may get a SOURCE of its own.
func carryOutCameras(plans []cameraPlan, up *upstream) cameras {
	all := make(cameras, len(plans))
	var carryOut func(i int) *camera
	carryOut = func(i int) *camera {
		plan := plans[i]
		if all[i] != nil {
			return all[i]
		}
		if of := plan.spec.Camera; of != "" { // which exists, and is no variant of this one
			viewed := carryOut(slices.IndexFunc(plans, func(p cameraPlan) bool { return p.Name == of }))
			plan.spec.View(viewed.stream)
			plan.options.Stall = viewed.options.Stall + variantGrace
		}
		all[i] = plan.carryOut(up)
		return all[i]
	}
	for i := range plans {
		carryOut(i)
	}
	return all
}

// variantGrace is how much longer the viewers of a variant wait than those of its camera, so that they learn its reason.
const variantGrace = time.Second

// carryOut makes a plan true.
func (plan cameraPlan) carryOut(up *upstream) *camera {
	c, b := plan.camera, plan.before
	if r := up.take(c.Name); r != nil && b == nil {
		b = &camera{stream: r.Stream, offline: r.offline}
	}
	if b == nil {
		c.stream = stream.New(plan.spec.Source, c.options)
		c.offline = offline.New(c.stream, c.options.Log)
	} else {
		c.stream, c.offline = b.stream, b.offline
	}
	c.offline.Set(plan.spec.Offline, cmp.Or(c.Title, c.Name))
	switch {
	case b == nil: // all is new
	case !plan.keeps:
		c.stream.SetSource(plan.spec.Source, c.options)
	case !sameOptions(c.options, b.options):
		c.stream.SetOptions(c.options)
	}
	return &c
}

// sameOptions compares options but for their log.
func sameOptions(a, b stream.Options) bool {
	a.Log, b.Log = nil, nil
	return a == b
}

// closeStreams ends streams, and returns when all are.
func closeStreams(streams []*stream.Stream) {
	var closing sync.WaitGroup
	for _, s := range streams {
		closing.Go(func() { s.Close() })
	}
	closing.Wait()
}
