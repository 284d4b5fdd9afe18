package router

import (
	"log/slog"
	"net/http"
	"time"
)

// logViewer logs that a viewer comes; what it returns, that the viewer leaves or is cut off, and had so many frames.
func logViewer(r *http.Request, options Options, send *sender) (leave func()) {
	if options.Log == nil || !options.Log.Enabled(r.Context(), slog.LevelDebug) {
		return func() {}
	}
	begun, log := time.Now(), options.Log.With("client", options.Access.Client(r))
	log.Debug("viewer comes")
	return func() {
		had := log.With("after", time.Since(begun).Round(time.Millisecond), "frames", send.frames)
		if why := send.cut.Load(); why != nil {
			had.Debug("viewer is cut off", "reason", *why)
			return
		}
		had.Debug("viewer leaves")
	}
}
