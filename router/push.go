package router

import (
	"net/http"
	"reflect"
	"time"

	"mjpegazer/stream"
)

// maxPushed, in bytes, bounds for how long the other viewers of a worker wait while one is sent a picture.
const maxPushed = 64 << 10

// deliverer returns the function that sends a frame without the viewer's own goroutine, nil where that cannot be done.
func (s *sender) deliverer() func(*stream.Frame) bool {
	if !s.pushes {
		return nil
	}
	return s.deliver
}

// bare reports whether w is net/http's own writer for HTTP/1, which has not sent a head that would make it write chunks. It looks
// for names that are not exported. Should they change, pushes and the sender's own chunks end, net/http's take their place, and
// all else works; TestPushes tells.
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
	if !s.headed || len(part) > maxPushed {
		return false
	}
	now := time.Now()
	pushed, all := s.push(now, part, s.form.tail)
	if s.pushed = pushed; !all {
		return false
	}
	s.begin(f)
	s.beat.sent(now)
	s.sent(f, pushed, time.Now())
	return true
}

// push writes as much of two pieces, which belong together, as the kernel accepts at once, past net/http and beneath its writer. It
// returns how many bytes need not be written any more, and whether that is all.
func (s *sender) push(now time.Time, first, second []byte) (pushed int, all bool) {
	s.expect(now, len(first)+len(second))
	if len(second) == 0 {
		first, second = nil, first
	}
	pushed, end, all := s.conn.Push(first, second)
	s.end.Store(end)
	return pushed, all
}
