package server

import (
	"flag"
	"fmt"
	"time"

	"mjpegazer/router"
)

// limits are what the command line says of what viewers may have.
type limits struct {
	heartbeat  time.Duration
	viewers    int  // of all cameras
	perCamera  int  // viewers of one
	viewerRate size // bytes a second for each
}

func (l *limits) define(f *flag.FlagSet) {
	f.DurationVar(&l.heartbeat, "heartbeat", 5*time.Second, "send the last picture again after so long, to keep proxies patient; 0 does not")
	f.IntVar(&l.viewers, "max-viewers", 0, "how many may watch at one time; 0 is any number")
	f.IntVar(&l.perCamera, "max-viewers-per-camera", 0, "how many may watch one camera; 0 is any number")
	f.Var(&l.viewerRate, "max-rate", "the `size` that each viewer gets a second at most, by fewer pictures; 0 is no limit")
}

func (l *limits) check() error {
	switch {
	case l.heartbeat < 0:
		return fmt.Errorf("-heartbeat %v: it must not be negative; 0 is no heartbeat", l.heartbeat)
	case l.viewers < 0:
		return fmt.Errorf("-max-viewers %d: it must not be negative; 0 is any number", l.viewers)
	case l.perCamera < 0:
		return fmt.Errorf("-max-viewers-per-camera %d: it must not be negative; 0 is any number", l.perCamera)
	case l.viewerRate != 0 && l.viewerRate < 1024:
		return fmt.Errorf("-max-rate %v: no picture is smaller than 1KiB; 0 is no limit", l.viewerRate)
	}
	return nil
}

// apply makes the handlers' options of them.
func (l *limits) apply(o *router.Options) {
	if o.Heartbeat = l.heartbeat; o.Heartbeat == 0 {
		o.Heartbeat = -1
	}
	o.Limits = &router.Limits{MaxViewers: l.viewers, MaxViewersPerCamera: l.perCamera, MaxRate: float64(l.viewerRate)}
}
