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

// restartGrace is what a viewer's patience has beyond the stall time: a camera that fell silent at once is restarted at that very
// moment, and often answers.
const restartGrace = time.Second

// first waits for a viewer's first frame as long as the stream waits for its camera, and no longer than makes sense: a
// camera that must not be asked again so soon cannot answer.
func first(ctx context.Context, s *stream.Stream, v *stream.Viewer) (*stream.Frame, error) {
	if stats := s.Stats(); stats.State == stream.Down && stats.Retry > s.Stall()+restartGrace {
		return nil, errNoPicture
	}
	waiting, cancel := context.WithTimeoutCause(ctx, s.Stall()+restartGrace, errNoPicture)
	defer cancel()
	frame, err := v.Next(waiting)
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		err = errNoPicture
	}
	return frame, err
}

// unavailable tells a viewer who came in vain why, and when to come again.
func unavailable(w http.ResponseWriter, r *http.Request, s *stream.Stream, err error) {
	if r.Context().Err() != nil {
		return // nobody reads it
	}
	stats, reason := s.Stats(), err.Error()
	switch {
	case err == errNoPicture && stats.State == stream.Down:
		reason = stats.Error
	case err == errNoPicture:
		reason = fmt.Sprintf("no picture for %v", s.Stall())
	}
	retry := max(stats.Retry, time.Second)
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(retry.Seconds()))))
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "the camera shows nothing: "+reason, http.StatusServiceUnavailable)
}
