package router

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"mjpegazer/stream"
)

var errNoPicture = errors.New("no picture yet")

// restartGrace is how long a viewer waits beyond the stall time: a camera that stalled is restarted at that very moment, and
// often answers then.
const restartGrace = time.Second

// lookPause is how often a viewer that waits for its first frame looks whether it still should.
const lookPause = 250 * time.Millisecond

// soon is how long a viewer of a camera that has just failed waits for the next try. Viewers that are told why show it; many give
// up by themselves within 10 s.
const soon = 1500 * time.Millisecond

// firstFrame waits for a viewer's first frame as long as the stream waits for its camera. It does not wait in vain: not where
// the next try comes later than that, or not soon after one that has just failed. A viewer that would take silence for death is told to go on waiting.
func firstFrame(w http.ResponseWriter, r *http.Request, s *stream.Stream, v *stream.Viewer, options *Options) (*stream.Frame, error) {
	ctx, most := r.Context(), s.Stall()+restartGrace
	waiting, cancel := context.WithTimeoutCause(ctx, most, errNoPicture)
	defer cancel()
	pause, impatient := pauseFor(r, options.Heartbeat)
	if !impatient || pause > lookPause {
		pause = lookPause
	}
	beat := newHeartbeat(waiting, pause)
	defer beat.stop()
	for latest := most; ; latest = soon { // at first the stream may not know yet that there is a viewer again
		if stats := s.Stats(); stats.State == stream.Down && stats.Retry > latest {
			return nil, errNoPicture
		}
		frame, err := beat.next(v)
		switch {
		case frame != nil:
			return frame, nil
		case err != nil && ctx.Err() == nil && waiting.Err() != nil:
			return nil, errNoPicture
		case err != nil:
			return nil, err
		case impatient:
			w.WriteHeader(http.StatusProcessing)
		}
	}
}

// unavailable says why there is no picture, and when to come again.
func unavailable(w http.ResponseWriter, r *http.Request, s *stream.Stream, options *Options, err error) {
	if r.Context().Err() != nil {
		return // nobody reads it
	}
	if errors.Is(err, stream.ErrClosed) && options.Lookup != nil {
		if _, ok := options.Lookup(options.camera); !ok {
			refuseUnknown(w, notKnown)
			return
		}
	}
	options.Limits.count(errNoPicture)
	stats, reason := s.Stats(), err.Error()
	switch {
	case err == errNoPicture && stats.State == stream.Down:
		reason = stats.Error
	case err == errNoPicture:
		reason = fmt.Sprintf("none came for %v", s.Stall())
	}
	text := "no picture: " + reason
	if options.camera != "" {
		text = fmt.Sprintf("no picture from %q: %s", options.camera, reason)
	}
	retry := max(stats.Retry, time.Second)
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(retry.Seconds()))))
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, http.StatusServiceUnavailable)
}
