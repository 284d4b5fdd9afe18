package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"mjpegazer/router/internal/conn"
	"mjpegazer/router/internal/prometheus"
	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// A part may take 10 s, and a second more for each 64 KB, so that large pictures on slow links arrive.
const (
	partTime = 10 * time.Second
	partRate = 64 << 10 // bytes a second
)

func partTimeOf(size int) time.Duration {
	return partTime + time.Duration(size)*time.Second/partRate
}

// A sender sends parts to one viewer, each in one call and without a copy, under a deadline of its own.
type sender struct {
	request    context.Context
	w          http.ResponseWriter
	controller *http.ResponseController
	conn       *conn.Conn // nil: nothing is known of it
	single     bool       // it has its connection for itself
	direct     bool       // w is net/http's own and does nothing to the body, whose coding is the sender's
	pushes     bool       // parts may be written to the connection itself, after the response's head
	headed     bool       // that has been sent
	form       form       // of parts
	via        mjpeg.Via  // the programs that the viewer's pictures go to; nil: it is none
	limits     *Limits
	log        *slog.Logger // nil: none
	begun      time.Time
	deadline   time.Time // of the writer
	flow       conn.Flow
	beat       *heartbeat
	absence    absence
	had        uint64 // Seq of the latest frame that was begun
	frames     int    // begun
	pushed     int    // bytes of the next part that the kernel has accepted

	viewer *stream.Viewer // whose rate follows that of the limits; nil: none; set once, with their mu held
	sums   sums

	// What evict looks at, from another goroutine.
	end     atomic.Int64                 // of the latest part, in its connection's count of bytes written
	due     atomic.Int64                 // when it must have arrived, in nanoseconds after the sender's begin; 0: none was sent
	writing atomic.Pointer[stream.Frame] // what a Write holds now
	evicted atomic.Pointer[error]        // why the viewer was; nil: it was not
}

// newSender makes a sender that must be closed before the handler returns.
func newSender(w http.ResponseWriter, r *http.Request, options *Options) *sender {
	s := &sender{
		request: r.Context(), w: w, controller: http.NewResponseController(w), conn: conn.Of(r), single: r.ProtoMajor == 1,
		direct: bare(w), limits: options.Limits, log: options.Log, begun: time.Now(), via: via(r),
	}
	s.pushes = s.direct && s.conn != nil && s.conn.Pushes()
	s.limits.track(s)
	return s
}

func (s *sender) close() {
	s.pass(time.Time{})
	s.limits.untrack(s)
}

// sums are what was sent and not yet passed on to those who count it: to do that for each picture is dear where processors change
// the same numbers for many viewers.
type sums struct {
	frames, bytes int
	delays        prometheus.Durations
	passed        time.Time
}

// sumTime is how long they wait.
const sumTime = time.Second

// flushes reports whether what is written to w is sent before the handler returns. Only the innermost writer is asked: one around it
// may have a Flush that does nothing, or panics. Where the answer is false the client is told: nothing would ever reach it,
// and the memory for it would have no bound.
func flushes(w http.ResponseWriter) bool {
	inner := w
	for {
		outer, ok := inner.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		inner = outer.Unwrap()
	}
	switch inner.(type) {
	case http.Flusher, interface{ FlushError() error }:
		return true
	}
	http.Error(w, fmt.Sprintf("no stream can be sent: %T cannot be flushed. A handler around this one collects the answer until it is complete, "+
		"as http.TimeoutHandler does, or lacks Unwrap: keep streams out of it.", inner), http.StatusInternalServerError)
	return false
}

// ready reports whether nearly all of the last part has arrived. What waits in buffers makes every picture after it older.
func (s *sender) ready(f *stream.Frame) bool {
	if s.via != nil && s.beat != nil && nearest(s.via).Meets(f.Via) { // the camera's source has changed
		s.abort(&errCircle)
		return false
	}
	if s.conn == nil {
		return true
	}
	now := time.Now()
	if s.flow.Trusts(now, len(f.JPEG())) {
		return true
	}
	delivered, ok := s.conn.Delivered()
	return !ok || s.flow.Ready(now, delivered, s.end.Load()-delivered, s.conn.RoundTrip)
}

// begin counts a frame, of which nothing is pushed any more.
func (s *sender) begin(f *stream.Frame) {
	s.had, s.pushed = f.Seq, 0
	s.frames++
}

// sent counts a frame that was sent by now. How long that took says nothing where the viewer came only after it.
func (s *sender) sent(f *stream.Frame, bytes int, now time.Time) {
	s.sums.frames++
	s.sums.bytes += bytes
	if f.Arrived.After(s.begun) {
		s.sums.delays.Observe(now.Sub(f.Arrived))
	}
	if now.Sub(s.sums.passed) >= sumTime {
		s.pass(now)
	}
}

// pass passes on what was sent.
func (s *sender) pass(now time.Time) {
	if s.viewer != nil {
		s.viewer.Sent(s.sums.frames, s.sums.bytes)
	}
	s.limits.delays.Take(&s.sums.delays)
	s.sums.frames, s.sums.bytes, s.sums.passed = 0, 0, now
}

// frame sends a frame, or what is left of it.
func (s *sender) frame(f *stream.Frame) error {
	part, pushed := s.form.part(f), s.pushed
	s.begin(f)
	if err := s.part(f, pushed, part, s.form.tail); err != nil {
		return err
	}
	s.sent(f, len(part)+len(s.form.tail), time.Now())
	return nil
}

// part sends two pieces that belong together, the larger of which a frame holds in memory, after so many bytes of them that were
// pushed.
func (s *sender) part(f *stream.Frame, pushed int, first, second []byte) error {
	s.writing.Store(f)
	defer s.writing.Store(nil)
	if pushed == 0 && s.pushes && s.headed {
		var all bool
		if pushed, all = s.push(time.Now(), first, second); all {
			return nil
		}
	}
	if pushed < len(first) {
		return s.bytes(first[pushed:], second)
	}
	return s.bytes(second[pushed-len(first):])
}

// record sends a viewer a picture with a head of its own.
func (s *sender) record(head []byte, v *stream.Viewer, f *stream.Frame) error {
	s.begin(f)
	if err := s.part(f, 0, head, f.JPEG()); err != nil {
		return err
	}
	size := len(head) + len(f.JPEG())
	v.Sent(1, size) // the sender has several viewers
	s.sent(f, size, time.Now())
	return nil
}

// bytes sends pieces that belong together.
func (s *sender) bytes(pieces ...[]byte) error {
	size := 0
	for _, piece := range pieces {
		size += len(piece)
	}
	now := time.Now()
	most := s.expect(now, size)
	if err := s.write(pieces, now, most); err != nil {
		if s.conn != nil && s.single {
			s.conn.Reset()
		}
		return err
	}
	if s.conn != nil {
		s.end.Store(s.conn.Wrote(size))
	}
	return nil
}

// expect notes when a part of so many bytes must have arrived, and says how long that is.
func (s *sender) expect(now time.Time, size int) time.Duration {
	most := partTimeOf(size)
	s.due.Store(int64(now.Sub(s.begun) + most))
	return most
}

func (s *sender) write(pieces [][]byte, now time.Time, most time.Duration) error {
	if why := s.evicted.Load(); why != nil {
		return *why
	}
	if until := now.Add(most); s.deadline.Before(until) {
		if s.deadline = until; s.single && s.conn != nil && s.conn.Measured() {
			s.deadline = until.Add(most) // evict sees what is late; this need not be set for every part
		}
		// A writer without a connection, such as a recorder, has no deadline to set and nothing to flush.
		if err := s.controller.SetWriteDeadline(s.deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
	}
	if s.conn == nil || !s.single {
		return s.flush(pieces)
	}
	s.conn.Hold()
	err := s.flush(pieces)
	return errors.Join(err, s.conn.Release())
}

func (s *sender) flush(pieces [][]byte) error {
	for _, piece := range pieces {
		if len(piece) == 0 {
			continue
		}
		if _, err := s.w.Write(piece); err != nil {
			return err
		}
	}
	if err := s.controller.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	s.headed = true
	return nil
}

// overdue reports whether the latest part should have arrived by now and has not.
func (s *sender) overdue(now time.Time) bool {
	due := time.Duration(s.due.Load())
	if s.conn == nil || due == 0 || now.Sub(s.begun) < due {
		return false
	}
	end := s.end.Load()
	delivered, ok := s.conn.Delivered()
	return ok && delivered < end && due == time.Duration(s.due.Load()) // and nothing was sent meanwhile
}

// abort ends the viewer's stream from another goroutine, and the connection if it serves nothing else.
func (s *sender) abort(why *error) {
	s.evicted.Store(why)
	if s.conn != nil && s.single {
		s.conn.Reset()
		return
	}
	s.controller.SetWriteDeadline(time.Unix(1, 0)) // it fails where there is nothing to end
}
