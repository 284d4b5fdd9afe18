package router

import (
	"errors"
	"net/http"
	"sync"

	"mjpegazer/router/internal/prometheus"
	"mjpegazer/stream"
)

// Limits are what viewers may use, and what they use now. A snapshot is a viewer while it waits and is sent. The zero value
// sets no limit but those on viewers that do not read: they are evicted after 10 s without a byte arriving, or earlier where
// pictures under way take more than 14 MiB of memory. Limits may be shared by handlers, and must not be copied, or changed
// but by [Limits.Change], once they are in use.
type Limits struct {
	MaxViewers          int     // of all streams; 0: any number
	MaxViewersPerCamera int     // 0: any number
	MaxRate             float64 // bytes of pictures a second for each viewer, by fewer of them, evenly chosen; 0: no limit

	mu       sync.Mutex
	viewers  map[*stream.Stream]viewers
	all      int
	senders  map[*sender]struct{} // those that send now
	evicting bool                 // while there are any
	turned   map[error]uint64     // how many viewers were turned away, or evicted, and why
	delays   prometheus.Histogram // of pictures, from their arrival to the kernel; not guarded by mu
}

// viewers are those of one camera, by what they watch.
type viewers [3]int

// What a viewer watches.
const (
	watchesLive = iota
	watchesSnapshot
	watchesWall
)

func (v viewers) all() int { return v[watchesLive] + v[watchesSnapshot] + v[watchesWall] }

var (
	errFull       = errors.New("viewer limit reached (-max-viewers): try again later")
	errFullCamera = errors.New("viewer limit of this camera reached (-max-viewers-per-camera): try again later")
)

// enter counts a viewer, which must leave, or says why there is no room for it.
func (l *Limits) enter(s *stream.Stream, what int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.viewers[s]
	switch {
	case l.MaxViewers > 0 && l.all >= l.MaxViewers:
		return l.turn(errFull)
	case l.MaxViewersPerCamera > 0 && now.all() >= l.MaxViewersPerCamera:
		return l.turn(errFullCamera)
	case l.viewers == nil:
		l.viewers = map[*stream.Stream]viewers{}
	}
	now[what]++
	l.viewers[s] = now
	l.all++
	return nil
}

// turn counts a viewer that is turned away or evicted, with mu held. It returns why.
func (l *Limits) turn(why error) error {
	if l.turned == nil {
		l.turned = map[error]uint64{}
	}
	l.turned[why]++
	return why
}

// count is turn without mu.
func (l *Limits) count(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn(why)
}

// Change gives limits that are in use other bounds. No viewer is cut off: those that are too many stay.
func (l *Limits) Change(viewers, viewersPerCamera int, rate float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.MaxViewers, l.MaxViewersPerCamera, l.MaxRate = viewers, viewersPerCamera, rate
	for s := range l.senders {
		if s.viewer != nil {
			s.viewer.SetMaxRate(rate)
		}
	}
}

// govern makes a viewer's rate that of the limits, as long as its sender is there.
func (l *Limits) govern(s *sender, v *stream.Viewer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.viewer = v
	v.SetMaxRate(l.MaxRate)
}

func (l *Limits) rate() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.MaxRate
}

func (l *Limits) leave(s *stream.Stream, what int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	now := l.viewers[s]
	now[what]--
	l.viewers[s] = now
	if now.all() == 0 {
		delete(l.viewers, s)
	}
}

// refuseViewer answers a viewer for which there is no room.
func refuseViewer(w http.ResponseWriter, err error) {
	w.Header().Set("Retry-After", "10")
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, err.Error(), http.StatusServiceUnavailable)
}
