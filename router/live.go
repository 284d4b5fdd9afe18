package router

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mjpegazer/stream"
)

// partTime is how long the kernel may take to accept one part before its viewer is given up.
const partTime = 10 * time.Second

// Live streams a camera as multipart/x-mixed-replace (boundary "frame"), starting it for the first viewer. Without a
// picture within the stream's stall time and a second the answer is 503 with Retry-After and the reason; later failures of the camera
// keep the viewer, who goes on when it is back. ?fps=N gives at most N pictures a second.
//
// Who asks for pictures as browsers do (Accept names image/webp, image/avif or image/*) gets parts that are shown without
// waiting for the next; all others get parts with Content-Length and X-Timestamp (seconds.microseconds of the picture).
func Live(s *stream.Stream, options Options) http.Handler {
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
		v := s.View(stream.ViewerOptions{MaxFPS: fps})
		defer v.Close()
		frame, err := first(r.Context(), s, v)
		if err != nil {
			unavailable(w, r, s, err)
			return
		}
		liveHead(w, r)
		send, part, start := newSender(w), (*stream.Frame).Part, stream.PartHead
		if browser(r) {
			part, start = (*stream.Frame).OpenPart, stream.OpenPartHead
		}
		err = send.all([]byte(start))
		for err == nil {
			if err = send.all(part(frame)); err == nil {
				frame, err = v.Next(r.Context())
			}
		}
	})
}

func liveHead(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "multipart/x-mixed-replace; boundary="+stream.Boundary)
	noStore(h)
	if r.ProtoMajor == 1 {
		// Chunks would cost a copy of every frame and two system calls more. This one header makes net/http leave them
		// out, and is not sent.
		h.Set("Transfer-Encoding", "identity")
	}
}

// noStore keeps caches from storing pictures and nginx from collecting them before it passes them on.
func noStore(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
}

// browser reports whether the client asks as browsers do. Chromium, by far the most used, shows a part only when the
// headers of the next are there.
func browser(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	return strings.Contains(accept, "image/webp") || strings.Contains(accept, "image/avif") ||
		strings.Contains(accept, "image/*")
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

// A sender writes whole parts, each in one call and without a copy, under a deadline of its own.
type sender struct {
	w          http.ResponseWriter
	controller *http.ResponseController
}

func newSender(w http.ResponseWriter) sender { return sender{w, http.NewResponseController(w)} }

func (s sender) all(part []byte) error {
	// A writer without a connection, such as a recorder, has no deadline to set and nothing to flush.
	if err := s.controller.SetWriteDeadline(time.Now().Add(partTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write(part); err != nil {
		return err
	}
	if err := s.controller.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
