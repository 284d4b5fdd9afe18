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

// firstFrame waits for a viewer's first frame as long as the stream waits for its camera. It does not wait in vain: not where
// the next try comes later than that. A viewer that would take silence for death is told to go on waiting.
func firstFrame(w http.ResponseWriter, r *http.Request, s *stream.Stream, v *stream.Viewer, options Options) (*stream.Frame, error) {
	if stats := s.Stats(); stats.State == stream.Down && stats.Retry > s.Stall()+restartGrace {
		return nil, errNoPicture
	}
	ctx := r.Context()
	waiting, cancel := context.WithTimeoutCause(ctx, s.Stall()+restartGrace, errNoPicture)
	defer cancel()
	pause, asked := pauseFor(r, options.Heartbeat)
	if !asked {
		pause = 0
	}
	beat := newHeartbeat(waiting, pause)
	defer beat.stop()
	for {
		frame, err := beat.next(v)
		switch {
		case frame == nil && err == nil:
			w.WriteHeader(http.StatusProcessing)
			continue
		case err != nil && ctx.Err() == nil && waiting.Err() != nil:
			err = errNoPicture
		}
		return frame, err
	}
}

// unavailable says why there is no picture, and when to come again.
func unavailable(w http.ResponseWriter, r *http.Request, s *stream.Stream, options Options, err error) {
	if r.Context().Err() != nil {
		return // nobody reads it
	}
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
