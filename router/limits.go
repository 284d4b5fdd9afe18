package router

import (
	"errors"
	"net/http"
	"sync"

	"mjpegazer/stream"
)

// Limits are what viewers may take, and who takes it now. The zero value bounds nothing but what is spent on viewers that
// do not read. It may be shared by handlers, and must not be copied or changed once it is in use.
type Limits struct {
	MaxViewers          int     // of all streams; 0: any number
	MaxViewersPerCamera int     // 0: any number
	MaxRate             float64 // bytes of pictures a second for each viewer, by fewer of them, evenly chosen; 0: no limit

	mu       sync.Mutex
	viewers  map[*stream.Stream]int
	all      int
	senders  map[*sender]struct{} // those who send now
	evicting bool                 // while there are any
}

var (
	errFull       = errors.New("there are as many viewers as this server may have")
	errFullCamera = errors.New("there are as many viewers as this camera may have")
)

// enter counts a viewer, who must leave, or says why there is no room for it.
func (l *Limits) enter(s *stream.Stream) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.MaxViewers > 0 && l.all >= l.MaxViewers:
		return errFull
	case l.MaxViewersPerCamera > 0 && l.viewers[s] >= l.MaxViewersPerCamera:
		return errFullCamera
	case l.viewers == nil:
		l.viewers = map[*stream.Stream]int{}
	}
	l.viewers[s]++
	l.all++
	return nil
}

func (l *Limits) leave(s *stream.Stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.viewers[s]--; l.viewers[s] == 0 {
		delete(l.viewers, s)
	}
}

// full turns a viewer away for now.
func full(w http.ResponseWriter, err error) {
	w.Header().Set("Retry-After", "10")
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, err.Error(), http.StatusServiceUnavailable)
}
