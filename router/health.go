package router

import (
	"io"
	"net/http"

	"mjpegazer/stream"
)

// healthz answers as long as the program does, whatever its cameras do: a supervisor must not restart the program because of a
// camera.
func healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, "ok\n")
}

// Health answers "True" with 200, or "False" with 503 once a camera has failed as often in a row as the threshold says. A camera
// that nobody watches is healthy.
func Health(s *stream.Stream, options Options) http.Handler {
	return reading(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if s.Stats().Failures < options.healthThreshold() {
			io.WriteString(w, "True")
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, "False")
	})
}
