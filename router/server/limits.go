package server

import (
	"errors"
	"flag"
	"time"

	"mjpegazer/router"
)

// limits are what the viewers may have.
type limits struct {
	heartbeat        time.Duration
	viewers          int // of all cameras
	viewersPerCamera int
	rate             size // bytes a second for each viewer
}

func (l *limits) define(f *flag.FlagSet) {
	f.DurationVar(&l.heartbeat, "heartbeat", router.DefaultHeartbeat, "repeat the last picture after this long without one, so that proxies keep the connection open; 0 turns this off")
	f.IntVar(&l.viewers, "max-viewers", 0, "`number` of viewers allowed at a time; 0 is no limit")
	f.IntVar(&l.viewersPerCamera, "max-viewers-per-camera", 0, "`number` of viewers of one camera allowed at a time; 0 is no limit")
	f.Var(&l.rate, "max-rate", "send each viewer at most this `size` a second, by leaving out pictures; 0 is no limit")
}

func checkRate(rate size) error {
	if rate != 0 && rate < 1024 {
		return errors.New("no picture is smaller than 1KiB; 0 is no limit")
	}
	return nil
}

// apply makes the handlers' options of them.
func (l *limits) apply(o *router.Options) {
	o.Heartbeat = l.heartbeat
	o.Limits = &router.Limits{MaxViewers: l.viewers, MaxViewersPerCamera: l.viewersPerCamera, MaxRate: float64(l.rate)}
}
