package router

import (
	"io"
	"net/http"

	"mjpegazer/stream"
)

// Health answers "True" with 200 while a camera has failed less often in a row than the threshold, else "False" with 503.
// A camera that nobody asks for is healthy.
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
