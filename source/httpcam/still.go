package httpcam

import (
	"hash/maphash"
	"net/http"
	"time"
)

const (
	ownSecond = time.Second // that a validator made of times cannot see changes in (RFC 9110, 8.8.2.2)
	believed  = 10          // requests in a row that a validator decides; then one without it
	maxCut    = 3           // damaged pictures in a row that are no failure
)

// A validator is one header by which a camera says that its picture can be recognized (RFC 9110, 8.8). Cameras send such as never
// change, or no more often than each second, beside others that are right: each is trusted by itself.
type validator struct {
	value     string
	came      time.Time // when value first came with this picture
	trusted   bool      // it once changed together with the picture
	lying     bool      // the picture once changed without it
	confirmed bool      // the picture was the same when the validator's own second was over
}

// note notes the value that came with a picture, which follows another one if changed is true.
func (v *validator) note(value string, changed, first bool) {
	same := value == v.value
	switch {
	case first:
	case changed && same:
		v.lying = true
	case changed:
		v.trusted = true
	}
	if changed || !same {
		v.came, v.confirmed = time.Now(), false
	} else if time.Since(v.came) >= ownSecond {
		v.confirmed = true
	}
	v.value = value
}

// use reports whether a request may be conditional on the validator.
func (v *validator) use() bool { return v.value != "" && v.trusted && !v.lying && v.confirmed }

// A still is what is known of a camera that sends one picture a response.
type still struct {
	seed maphash.Seed
	sum  uint64 // of the last picture; 0: there was none

	modified, entity validator
	asked            int // requests in a row with one of them

	bare bool // responses have one picture, though their media type is not that of one
	cut  int  // damaged pictures since the last whole one
}

// note notes a picture and its head. It reports whether the picture is another one than before.
func (s *still) note(jpeg []byte, header http.Header) (changed bool) {
	sum, first := maphash.Bytes(s.seed, jpeg), s.sum == 0
	changed = sum != s.sum
	s.modified.note(header.Get("Last-Modified"), changed, first)
	s.entity.note(header.Get("ETag"), changed, first)
	s.sum = sum
	return changed
}

// ask adds the validators that can be trusted to a request.
func (s *still) ask(header http.Header) {
	modified, entity := s.modified.use(), s.entity.use()
	if !modified && !entity || s.asked == believed {
		s.asked = 0
		return
	}
	s.asked++
	if modified {
		header.Set("If-Modified-Since", s.modified.value)
	}
	if entity {
		header.Set("If-None-Match", s.entity.value)
	}
}
