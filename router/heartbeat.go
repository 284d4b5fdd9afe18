package router

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// A heartbeat ends a viewer's wait when nothing was sent for a while, the pause. With a camera that is faster it costs nothing:
// its timer runs once a pause, not once a frame.
type heartbeat struct {
	request context.Context
	pause   time.Duration
	begun   time.Time
	since   atomic.Int64 // when the wait began, in nanoseconds after begun

	waiting context.Context // done when the pause is over or the request is
	over    context.CancelFunc
	timer   *time.Timer
}

// leastPause is what a viewer may shorten the pause to.
const leastPause = 50 * time.Millisecond

// pauseFor is the pause of a viewer's heartbeat: the one that is set, or what keeps a viewer from leaving.
func pauseFor(r *http.Request, set time.Duration) (pause time.Duration, asked bool) {
	idle, err := time.ParseDuration(r.Header.Get(mjpeg.IdleHeader))
	if err != nil || idle <= 0 || !r.ProtoAtLeast(1, 1) {
		return set, false
	}
	pause = max(idle/3, leastPause)
	if set > 0 {
		pause = min(pause, set)
	}
	return pause, true
}

// newHeartbeat returns a heartbeat, which must be stopped. With a pause of 0 it never beats.
func newHeartbeat(request context.Context, pause time.Duration) *heartbeat {
	h := &heartbeat{request: request, pause: pause, begun: time.Now()}
	h.timer = time.AfterFunc(time.Hour, h.check)
	h.begin()
	return h
}

func (h *heartbeat) begin() {
	h.waiting, h.over = context.WithCancel(h.request)
	h.sent(time.Now())
	if h.pause > 0 {
		h.timer.Reset(h.pause)
	} else {
		h.timer.Stop()
	}
}

// sent restarts the pause.
func (h *heartbeat) sent(now time.Time) { h.since.Store(int64(now.Sub(h.begun))) }

func (h *heartbeat) check() {
	if rest := h.pause - time.Since(h.begun) + time.Duration(h.since.Load()); rest > 0 {
		h.timer.Reset(rest)
		return
	}
	h.over()
}

// next returns the viewer's next frame, or nil and no error when the pause is over.
func (h *heartbeat) next(v *stream.Viewer) (*stream.Frame, error) {
	h.sent(time.Now())
	frame, err := v.Next(h.waiting)
	if err != nil && err == h.waiting.Err() && h.request.Err() == nil {
		h.begin()
		return nil, nil
	}
	return frame, err
}

func (h *heartbeat) stop() {
	h.timer.Stop()
	h.over()
}
