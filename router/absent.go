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

var (
	errNoPicture = errors.New("no picture yet")
	errOffline   = errors.New("something else is shown meanwhile")
)

// restartGrace is how long a viewer waits beyond the stall time: a camera that stalled is restarted at that very moment, and
// often answers then.
const restartGrace = time.Second

// lookPause is how often a viewer that waits for its first frame looks whether it still should.
const lookPause = 250 * time.Millisecond

// soon is how long a viewer of a camera that has just failed waits for the next try. Viewers that are told why show it; many give
// up by themselves within 10 s.
const soon = 1500 * time.Millisecond

// firstFrame waits for a viewer's first frame as long as the stream waits for its camera. It does not wait in vain: not where
// the next try comes later than that, or not soon after one that has just failed, or where instead there is something to show. A
// viewer that would take silence for death is told to go on waiting.
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
		stats := s.Stats()
		if options.offline(r, stats) != nil {
			return nil, errOffline
		}
		if stats.State == stream.Down && stats.Retry > latest {
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

// offlineLook is how often a viewer that may be shown something while there is no picture looks whether it is to be, and
// offlinePause how often that is sent. Other viewers look with each heartbeat: a look costs a little, also while there are pictures.
const (
	offlineLook  = 500 * time.Millisecond
	offlinePause = 5 * time.Second
)

// offline returns what is shown to the client of a request while the camera has no picture, as its stats say. Nil: nothing is, for it
// has one, or may have one soon. Programs that pass pictures on are told the truth.
func (o *Options) offline(r *http.Request, stats stream.Stats) *stream.Frame {
	away := stats.State == stream.Down || stats.State == stream.Connecting && stats.Failures > 0
	if o.Offline == nil || !away || via(r) != nil {
		return nil
	}
	return o.Offline(stats, browser(r))
}

// An absence is what a viewer is shown while there is no picture.
type absence struct {
	picture func(stream.Stats) *stream.Frame // see [Options.offline]
	shown   *stream.Frame                    // the latest that was sent; nil: the camera's was
	at      time.Time

	look   time.Duration // from one look to the next
	beat   time.Duration // pause of the viewer's heartbeat, which looks replace; 0: it has none
	frames int           // that the viewer had had
	since  time.Time     // when something was sent last
}

// due reports, at a look, whether a heartbeat is due for a viewer that has had so many frames.
func (a *absence) due(frames int) bool {
	now := time.Now()
	if frames != a.frames || a.since.IsZero() {
		a.frames, a.since = frames, now.Add(-a.look)
	}
	if a.beat == 0 || now.Sub(a.since) < a.beat {
		return false
	}
	a.since = now
	return true
}

// standIn sends what is shown while there is no picture, or a heartbeat instead, where that is due, and reports whether there is
// anything to show.
func (s *sender) standIn(from *stream.Stream, beat bool) (there bool, err error) {
	picture := s.absence.picture(from.Stats())
	now, a := time.Now(), &s.absence
	switch {
	case picture == nil:
		a.shown = nil
		return false, nil
	case s.headed && !s.ready(picture):
		return true, nil
	case picture != a.shown || now.Sub(a.at) >= offlinePause:
		a.shown, a.at, a.since = picture, now, now
		return true, s.part(picture, 0, s.form.part(picture), s.form.tail)
	case beat && len(s.form.wait) > 0:
		return true, s.bytes(s.form.wait)
	}
	return true, nil
}

// offlineSnapshot answers with what is shown while there is no picture. Only who asked for it, by the options, is told that all is
// well: browsers show pictures whatever the status.
func offlineSnapshot(w http.ResponseWriter, r *http.Request, s *stream.Stream, options *Options) {
	stats := s.Stats()
	picture := options.offline(r, stats)
	if picture == nil { // the camera is just back
		unavailable(w, r, s, options, errNoPicture)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Length", strconv.Itoa(len(picture.JPEG())))
	h.Set("X-Offline", "1")
	pictureHeaders(h)
	if options.Offline(stats, false) == nil {
		retryAfter(h, stats)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	w.Write(picture.JPEG()) // an error means that the viewer has left
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
	retryAfter(w.Header(), stats)
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, http.StatusServiceUnavailable)
}

// retryAfter says when the camera may be back.
func retryAfter(h http.Header, stats stream.Stats) {
	h.Set("Retry-After", strconv.Itoa(int(math.Ceil(max(stats.Retry, time.Second).Seconds()))))
}
