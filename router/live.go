package router

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mjpegazer/router/access"
	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// Live streams a camera as multipart/x-mixed-replace (boundary "frame"), starting it for the first viewer. Without a picture
// within the stream's stall time and a second, or from a camera that fails and is not tried again for 1.5 s, the answer is 503,
// with Retry-After and the reason, unless [Options.Offline] has something to show. When the camera fails later the viewer stays, and
// goes on when the camera is back. ?fps=N gives at most N pictures a second, from 0.001 to 1000.
//
// Clients that ask for pictures as browsers do (Accept has image/webp, image/avif or image/*) get parts that are shown without
// waiting for the next one. All others get parts with Content-Length and X-Timestamp (seconds.microseconds of the picture), by
// HTTP/1.1 each in a chunk of its own.
// Options.Heartbeat adds parts with X-Repeat: 1, which have the same picture again, and X-Wait: 1 among the header lines of
// the next part.
func Live(s *stream.Stream, options Options) http.Handler {
	return options.Access.Handler(live(s, options))
}

// live is Live for everybody.
func live(s *stream.Stream, options Options) http.Handler {
	limits := options.limits()
	options.Limits = limits
	return reading(func(w http.ResponseWriter, r *http.Request) {
		fps, ok := asksForStream(w, r)
		if !ok {
			return
		}
		if waits(s, via(r), &options) {
			refuseCircle(w)
			return
		}
		if err := limits.enter(s, watchesLive); err != nil {
			refuseViewer(w, err)
			return
		}
		defer limits.leave(s, watchesLive)
		send := newSender(w, r, &options)
		defer send.close()
		v := send.view(r, s, fps)
		defer v.Close()
		frame, ok := send.first(r, s, v, &options)
		if !ok {
			return
		}
		defer logViewer(r, &options, send)()
		send.stream(s, v, frame, send.head(r, &options))
	})
}

// asksForStream reports whether a request is answered with a stream, and how many pictures a second that has at most. Else it has
// been answered.
func asksForStream(w http.ResponseWriter, r *http.Request) (fps float64, ok bool) {
	fps, err := maxFPS(r)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case r.Method == http.MethodHead:
		streamHead(w, mjpeg.ContentType)
	default:
		return fps, flushes(w)
	}
	return 0, false
}

// view returns the viewer that the pictures are for.
func (s *sender) view(r *http.Request, from *stream.Stream, fps float64) *stream.Viewer {
	s.form = formOf(r, s.direct)
	v := from.View(stream.ViewerOptions{MaxFPS: fps, Ready: s.ready, Deliver: s.deliverer(), Via: passing(s.via)})
	s.limits.govern(s, v)
	return v
}

// first waits for the viewer's first frame, nil where something else is shown meanwhile. It reports false where the request was
// answered.
func (s *sender) first(r *http.Request, from *stream.Stream, v *stream.Viewer, options *Options) (frame *stream.Frame, ok bool) {
	frame, err := firstFrame(s.w, r, from, v, options)
	switch {
	case err == errOffline:
		return nil, true
	case err != nil:
		unavailable(s.w, r, from, options, err)
		return nil, false
	}
	s.writing.Store(frame) // what comes before it may have to wait, too
	return frame, passed(s.w, s.via, frame)
}

// head sets the headers of a stream, and returns its heartbeat.
func (s *sender) head(r *http.Request, options *Options) *heartbeat {
	streamHead(s.w, mjpeg.ContentType)
	s.coding()
	pause, _ := pauseFor(r, options.Heartbeat)
	if options.Offline != nil && s.via == nil {
		s.absence = absence{beat: pause, picture: func(stats stream.Stats) *stream.Frame { return options.offline(r, stats) }}
		if options.OfflineForAll || browser(r) {
			pause = offlineLook
		}
		s.absence.look = pause
	}
	return newHeartbeat(r.Context(), pause)
}

// stream sends frames, from the first, until the viewer leaves or the stream is closed.
func (s *sender) stream(from *stream.Stream, v *stream.Viewer, frame *stream.Frame, beat *heartbeat) {
	defer beat.stop()
	s.beat = beat
	err := s.bytes(s.form.start)
	for err == nil {
		if frame != nil {
			err = s.frame(frame)
		} else {
			err = s.keepAlive(from)
		}
		if err == nil {
			frame, err = beat.next(v)
		}
	}
	over := err == stream.ErrClosed || err == stream.ErrEnded || err == s.request.Err() && context.Cause(s.request) == access.ErrRevoked
	if over && len(s.form.end) > 0 {
		s.bytes(s.form.end) // an error means that the viewer has left
	}
}

// keepAlive sends something to a viewer that has waited for the next picture. That is the last picture where it still shows what
// the camera sees, as the camera is slow. Where the camera is down, or silent though it is not slow, or the viewer wants
// fewer pictures, it is a header line, and a picture only if the form has no room for one.
func (s *sender) keepAlive(from *stream.Stream) error {
	pause := s.beat.pause
	if s.absence.picture != nil { // the pause is that of looks
		due := s.absence.due(s.frames)
		if there, err := s.standIn(from, due); there || err != nil || !due {
			return err
		}
		pause = s.absence.beat
	}
	last, live := from.Last()
	if last == nil || !s.ready(last) { // the stream has just been closed, or something is on its way to the viewer
		return nil
	}
	slow := last.Interval == 0 || last.Interval > pause/2
	switch {
	case len(s.form.wait) > 0 && !(live && slow && last.Seq == s.had):
		return s.bytes(s.form.wait)
	case last.Seq == s.had:
		return s.part(last, 0, s.form.repeat(last), nil)
	}
	return nil
}

// logViewer logs that a viewer has connected. What it returns logs that the viewer has left or was evicted, and after how many
// frames.
func logViewer(r *http.Request, options *Options, send *sender) (left func()) {
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

// streamHead sets the headers of an answer that goes on for ever.
func streamHead(w http.ResponseWriter, contentType string) {
	w.Header().Set("Content-Type", contentType)
	pictureHeaders(w.Header())
}

// coding sets the headers that keep net/http from making chunks, which would cost two system calls more for every frame. Where
// something stands between net/http and the sender they remain net/http's.
func (s *sender) coding() {
	if !s.direct {
		return
	}
	h := s.w.Header()
	h.Set("Transfer-Encoding", "identity") // is not sent
	if len(s.form.end) > 0 {
		h["transfer-encoding"] = []string{"chunked"} // is sent, as net/http knows its own spelling alone
	}
}

// picturePolicy keeps what a camera's pictures may hold from running as a page of this server (CSP Level 3): a browser that
// opens a stream as a document may find the beginning of another part within a picture. Styles do no harm: browsers use
// them to fit pictures to the window.
const picturePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

// pictureHeaders keeps caches from storing pictures, nginx from collecting them before it passes them on, and browsers from
// taking them for anything else.
func pictureHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", picturePolicy)
	h.Set("X-Accel-Buffering", "no")
}

func maxFPS(r *http.Request) (float64, error) {
	text := query(r).Get("fps")
	if text == "" {
		return 0, nil
	}
	fps, err := strconv.ParseFloat(text, 64)
	if err != nil || !(fps >= 0.001 && fps <= 1000) {
		return 0, fmt.Errorf("fps=%.20s: it must be a number from 0.001 to 1000, pictures a second", text)
	}
	return fps, nil
}

// A form is how frames look on the wire.
type form struct {
	start  []byte                     // before the first part
	part   func(*stream.Frame) []byte // a new picture
	tail   []byte                     // after it, as it does not lie behind it in memory
	repeat func(*stream.Frame) []byte // a picture once more
	wait   []byte                     // header lines that show nothing; empty where only a picture can follow
	end    []byte                     // after the last part
}

// framed is for programs. Each frame is followed by the next part's delimiter alone, so that more header lines can be added to
// that part at any time.
var framed = form{
	start:  []byte(mjpeg.Start),
	part:   (*stream.Frame).Part,
	repeat: (*stream.Frame).Repeat,
	wait:   []byte(mjpeg.WaitHeader),
}

// chunked is framed in the chunks of HTTP/1.1, each a whole part. Many readers give their programs what has arrived only where a
// chunk ends, and without chunks wait until they have as many bytes as they were asked for, as Python's requests and Tornado
// do. All programs get chunks, and not only those that say that they are such a reader, as a chunk whose size is known before costs no
// system call and no time that could be measured, and nginx, HAProxy and Caddy are as fresh with them as without. Part by
// part, they stay out of the way of clients that know nothing of chunks and yet ask by HTTP/1.1: these go by Content-Length, or
// look for pictures, and all that they meet is between two parts. (Two chunks, of headers and picture, would keep Node's
// mjpeg-consumer from giving each small picture twice, and break those.)
var chunked = form{
	start:  chunk([]byte(mjpeg.Start)),
	part:   (*stream.Frame).Chunk,
	tail:   []byte(mjpeg.ChunkEnd),
	repeat: func(f *stream.Frame) []byte { return chunk(f.Repeat()) },
	wait:   chunk([]byte(mjpeg.WaitHeader)),
	end:    chunk(nil),
}

// chunk is data in a chunk of its own (RFC 9112, section 7.1). Without data that is the last one.
func chunk(data []byte) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n", len(data), data) }

// open is for browsers. The headers of the next part are complete, so that a browser shows the picture before it, and nothing but
// a picture can follow. It needs no chunks: browsers pass on what has arrived.
var open = form{
	start:  []byte(mjpeg.OpenStart),
	part:   (*stream.Frame).OpenPart,
	repeat: (*stream.Frame).OpenPart,
}

// formOf is the form for a request. Direct says that nothing but net/http's own writer for HTTP/1 stands between the sender and the
// connection, so that the chunks can be the sender's.
func formOf(r *http.Request, direct bool) form {
	switch {
	case browser(r):
		return open
	case direct && r.ProtoAtLeast(1, 1):
		return chunked
	}
	return framed
}

// browser reports whether the client asks for pictures as browsers do. Chromium shows a part only when the headers of the next
// are complete.
func browser(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	return strings.Contains(accept, "image/webp") || strings.Contains(accept, "image/avif") ||
		strings.Contains(accept, "image/*")
}
