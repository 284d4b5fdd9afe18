package router

import (
	"fmt"
	"net/http"
	"strconv"

	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// Live streams a camera as multipart/x-mixed-replace (boundary "frame"), starting it for the first viewer. Without a
// picture within the stream's stall time and a second the answer is 503 with Retry-After and the reason; later failures of
// the camera keep the viewer, who goes on when it is back. ?fps=N gives at most N pictures a second.
//
// Who asks for pictures as browsers do (Accept names image/webp, image/avif or image/*) gets parts that are shown without
// waiting for the next; all others get parts with Content-Length and X-Timestamp (seconds.microseconds of the picture).
func Live(s *stream.Stream, options Options) http.Handler {
	limits := options.limits()
	return reading(func(w http.ResponseWriter, r *http.Request) {
		fps, err := maxFPS(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if r.Method == http.MethodHead {
			liveHead(w, r)
			return
		}
		if err := limits.enter(s); err != nil {
			full(w, err)
			return
		}
		defer limits.leave(s)
		send := newSender(w, r, limits)
		defer send.close()
		v := s.View(stream.ViewerOptions{MaxFPS: fps, MaxRate: limits.MaxRate, Ready: send.ready, Deliver: send.deliverer()})
		defer v.Close()
		frame, err := first(r.Context(), s, v)
		if err != nil {
			unavailable(w, r, s, err)
			return
		}
		defer logViewer(r, options, send)()
		liveHead(w, r)
		send.stream(s, v, frame, newHeartbeat(r.Context(), options.Heartbeat))
	})
}

// stream sends frames, from the first, until the viewer leaves or the stream is closed.
func (s *sender) stream(from *stream.Stream, v *stream.Viewer, frame *stream.Frame, beat *heartbeat) {
	defer beat.stop()
	err := s.bytes([]byte(s.form.start))
	s.beat = beat
	for err == nil {
		if frame != nil {
			err = s.frame(frame)
		} else {
			err = s.patience(from)
		}
		if err == nil {
			frame, err = beat.next(v)
		}
	}
}

// patience sends something to a viewer who has waited for the next picture: the last one once more where it still says
// what the camera sees, for the camera is slow. Of one that is down, or has fallen silent unlike itself, or is wanted less
// often, it does not, and the viewer gets a picture only where nothing else can be sent.
func (s *sender) patience(from *stream.Stream) error {
	last, live := from.Last()
	if last == nil || !s.ready(last) { // the stream has just been closed, or something is on its way to the viewer
		return nil
	}
	slow := last.Interval == 0 || last.Interval > s.beat.pause/2
	switch {
	case len(s.form.wait) > 0 && !(live && slow && last.Seq == s.had):
		return s.bytes(s.form.wait)
	case last.Seq == s.had:
		return s.part(last, s.form.repeat(last))
	}
	return nil
}

func liveHead(w http.ResponseWriter, r *http.Request) { streamHead(w, r, mjpeg.ContentType) }

// streamHead sets the headers of an answer that goes on for ever.
func streamHead(w http.ResponseWriter, r *http.Request, contentType string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	pictureHeaders(h)
	if r.ProtoMajor == 1 {
		// Chunks would cost a copy of every frame and two system calls more. This one header makes net/http leave them
		// out, and is not sent.
		h.Set("Transfer-Encoding", "identity")
	}
}

// picturePolicy keeps what a camera's pictures may hold from running as a page of this server (CSP Level 3): a browser that
// opens a stream as a document may find the beginning of another part within a picture. Styles do
// no harm, and browsers fit pictures to the window by them.
const picturePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

// pictureHeaders keeps caches from storing pictures, nginx from collecting them before it passes them on, and browsers from
// taking them for anything else.
func pictureHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", picturePolicy)
	h.Set("X-Accel-Buffering", "no")
}

func maxFPS(r *http.Request) (float64, error) {
	text := r.URL.Query().Get("fps")
	if text == "" {
		return 0, nil
	}
	fps, err := strconv.ParseFloat(text, 64)
	if err != nil || !(fps >= 0.001 && fps <= 1000) {
		return 0, fmt.Errorf("fps=%.20s: it must be a number from 0.001 to 1000, pictures a second", text)
	}
	return fps, nil
}
