package router

import (
	"log/slog"
	"net/http"
	"time"
)

// logViewer logs that a viewer has connected. What it returns logs that the viewer has left or was evicted, and after how many
// frames.
func logViewer(r *http.Request, options Options, send *sender) (left func()) {
	if options.Log == nil || !options.Log.Enabled(r.Context(), slog.LevelDebug) {
		return func() {}
	}
	begun, log := time.Now(), options.Log.With("client", options.Access.Client(r))
	log.Debug("viewer connected")
	return func() {
		log := log.With("after", time.Since(begun).Round(time.Millisecond), "frames", send.frames)
		if why := send.evicted.Load(); why != nil {
			log.Debug("viewer evicted", "reason", *why)
			return
		}
		log.Debug("viewer left")
	}
}
