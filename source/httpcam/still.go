package httpcam

import (
	"hash/maphash"
	"net/http"
	"time"
)

const (
	ownSecond = time.Second // that a validator made of times cannot see changes in (RFC 9110, 8.8.2.2)
	believed  = 10          // requests in a row that a validator decides; then one without it
)

// validators are what a camera says its picture can be recognised by (RFC 9110, 8.8).
type validators struct{ modified, entity string }

// A still is what is known of a camera that sends one picture a response.
type still struct {
	seed maphash.Seed
	sum  uint64 // of the last picture; 0: there was none
	last validators
	came time.Time // when they first came with this picture

	// Cameras send validators that never change, or no oftener than each second.
	trusted   bool // they once changed together with the picture
	lying     bool // the picture once changed without them
	confirmed bool // the picture was the same when their own second was over
	asked     int  // requests in a row with them

	bare bool // responses have one picture, though their media type is not that of one
}

// note notes a picture and its head. It reports whether the picture is another one than before.
func (s *still) note(jpeg []byte, header http.Header) (changed bool) {
	sum := maphash.Bytes(s.seed, jpeg)
	now := validators{header.Get("Last-Modified"), header.Get("ETag")}
	changed = sum != s.sum
	same := now == s.last
	switch {
	case s.sum == 0:
	case changed && same:
		s.lying = true
	case changed:
		s.trusted = true
	}
	if changed || !same {
		s.came, s.confirmed = time.Now(), false
	} else if time.Since(s.came) >= ownSecond {
		s.confirmed = true
	}
	s.sum, s.last = sum, now
	return changed
}

// ask adds the validators to a request, if they can be trusted.
func (s *still) ask(header http.Header) {
	if !s.trusted || s.lying || !s.confirmed || s.asked == believed {
		s.asked = 0
		return
	}
	s.asked++
	if s.last.modified != "" {
		header.Set("If-Modified-Since", s.last.modified)
	}
	if s.last.entity != "" {
		header.Set("If-None-Match", s.last.entity)
	}
}
