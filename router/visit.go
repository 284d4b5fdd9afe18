package router

import (
	"log/slog"
	"net/http"
	"time"
)

// tellVisit tells the log that a viewer comes; what it returns, that the viewer leaves and had so many frames.
func tellVisit(r *http.Request, options Options, frames *int) (leave func()) {
	if options.Log == nil || !options.Log.Enabled(r.Context(), slog.LevelDebug) {
		return func() {}
	}
	begun, log := time.Now(), options.Log.With("client", options.Access.Client(r))
	log.Debug("viewer comes")
	return func() {
		log.Debug("viewer leaves", "after", time.Since(begun).Round(time.Millisecond), "frames", *frames)
	}
}
