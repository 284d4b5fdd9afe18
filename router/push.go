package router

import (
	"net/http"
	"reflect"
	"time"

	"mjpegazer/stream"
)

// mostPushed bounds for how long the other viewers of a worker wait while one is sent a picture.
const mostPushed = 64 << 10

// deliverer is what may send a frame without the viewer's own goroutine; nil where it cannot be done. net/http knows nothing of
// it: only a writer that is its own, and not one that middleware has put around that, has nothing to do with each byte.
func (s *sender) deliverer() func(*stream.Frame) bool {
	if s.conn == nil || !s.single || !s.conn.Plain() || !bare(s.w) {
		return nil
	}
	return s.deliver
}

// bare reports whether w is net/http's own writer of HTTP/1, and has not sent a head that would make it write chunks.
func bare(w http.ResponseWriter) bool {
	t := reflect.TypeOf(w)
	if t.Kind() != reflect.Pointer || t.Elem().PkgPath() != "net/http" || t.Elem().Name() != "response" {
		return false
	}
	sent := reflect.ValueOf(w).Elem().FieldByName("wroteHeader")
	return sent.IsValid() && sent.Kind() == reflect.Bool && !sent.Bool()
}

// deliver sends a frame if that needs no waiting. Where it does, frame sends the rest.
func (s *sender) deliver(f *stream.Frame) bool {
	part := s.form.part(f)
	if s.beat == nil || len(part) > mostPushed {
		return false
	}
	now := time.Now()
	s.expect(now, len(part))
	s.pushed = s.conn.Push(nil, part)
	s.end.Store(s.conn.Wrote(s.pushed))
	if s.pushed < len(part) {
		return false
	}
	s.begin(f)
	s.beat.sent(now)
	return true
}
