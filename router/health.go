package router

import (
	"io"
	"net/http"

	"mjpegazer/stream"
)

// healthz answers as long as the program does, whatever its cameras do: a supervisor must not restart the program because of a
// camera.
func healthz(w http.ResponseWriter, _ *http.Request) {
	textHeaders(w.Header(), plainText)
	io.WriteString(w, "ok\n")
}

// Health answers "True" with 200, or "False" with 503 once a camera has failed as often in a row as the threshold says. A camera
// that nobody watches is healthy.
func Health(s *stream.Stream, options Options) http.Handler {
	return reading(func(w http.ResponseWriter, r *http.Request) {
		textHeaders(w.Header(), plainText)
		if s.Stats().Failures < options.healthThreshold() {
			io.WriteString(w, "True")
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, "False")
	})
}

const plainText = "text/plain; charset=utf-8"

// textHeaders keep caches from storing an answer, and browsers from taking it for anything but what it is.
func textHeaders(h http.Header, contentType string) {
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
}
