package router

import (
	"net/http"
	"reflect"
	"time"

	"mjpegazer/stream"
)

// maxPushed, in bytes, bounds for how long the other viewers of a worker wait while one is sent a picture.
const maxPushed = 64 << 10

// deliverer returns the function that sends a frame without the viewer's own goroutine, nil where that cannot be done. net/http
// does not know of what it writes: its own writer must have nothing to do with each byte, and no middleware may have put
// another around it.
func (s *sender) deliverer() func(*stream.Frame) bool {
	if s.conn == nil || !s.single || !s.conn.Pushes() || !bare(s.w) {
		return nil
	}
	return s.deliver
}

// bare reports whether w is net/http's own writer for HTTP/1, which has not sent a head that would make it write chunks. It looks
// for names that are not exported. Should they change, pushes end and all else works; TestPushes tells.
func bare(w http.ResponseWriter) bool {
	t := reflect.TypeOf(w)
	if t.Kind() != reflect.Pointer || t.Elem().PkgPath() != "net/http" || t.Elem().Name() != "response" {
		return false
	}
	sent := reflect.ValueOf(w).Elem().FieldByName("wroteHeader")
	return sent.IsValid() && sent.Kind() == reflect.Bool && !sent.Bool()
}

// deliver sends a frame as far as that needs no waiting. If that is not all of it, frame sends the rest.
func (s *sender) deliver(f *stream.Frame) bool {
	part := s.form.part(f)
	if s.beat == nil || len(part) > maxPushed {
		return false
	}
	now := time.Now()
	s.expect(now, len(part))
	pushed, end, all := s.conn.Push(nil, part)
	s.pushed = pushed
	s.end.Store(end)
	if !all {
		return false
	}
	s.begin(f)
	s.beat.sent(now)
	s.sent(s.viewer, f, len(part))
	return true
}
