package router

import (
	"cmp"
	"net/http"
	"strconv"

	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// Snapshot answers with one picture, as image/jpeg with X-Timestamp: the newest of a live camera, else the first of one that is
// started for it. Without a picture the answer is 503, with Retry-After and the reason, as soon as [Live]'s, or the picture of
// [Options.Offline], with X-Offline: 1. It counts as a viewer for [Limits] meanwhile.
func Snapshot(s *stream.Stream, options Options) http.Handler {
	return options.Access.Handler(snapshot(s, options))
}

// snapshot is Snapshot for everybody.
func snapshot(s *stream.Stream, options Options) http.Handler {
	limits := options.limits()
	options.Limits = limits
	return reading(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if r.Method == http.MethodHead {
			h.Set("Content-Type", "image/jpeg")
			pictureHeaders(h)
			return
		}
		to := via(r)
		if waits(s, to, &options) {
			refuseCircle(w)
			return
		}
		if err := limits.enter(s, watchesSnapshot); err != nil {
			refuseViewer(w, err)
			return
		}
		defer limits.leave(s, watchesSnapshot)
		v := s.View(stream.ViewerOptions{Via: passing(to)})
		defer v.Close()
		frame, err := firstFrame(w, r, s, v, &options)
		switch {
		case err == errOffline:
			offlineSnapshot(w, r, s, &options)
			return
		case err != nil:
			unavailable(w, r, s, &options, err)
			return
		}
		if !passed(w, to, frame) {
			return
		}
		h.Set("Content-Type", "image/jpeg")
		h.Set("Content-Length", strconv.Itoa(len(frame.JPEG())))
		h.Set("Last-Modified", frame.Time.UTC().Format(http.TimeFormat))
		h.Set("Content-Disposition", `inline; filename="`+cmp.Or(options.camera, "snapshot")+frame.Time.Local().Format("-2006-01-02T15-04-05")+`.jpg"`)
		h.Set("X-Timestamp", string(mjpeg.AppendTimestamp(nil, frame.Time)))
		pictureHeaders(h)
		send := newSender(w, r, &options)
		defer send.close()
		if send.part(frame, 0, frame.JPEG(), nil) == nil { // an error means that the viewer has left
			v.Sent(1, len(frame.JPEG()))
		}
	})
}
