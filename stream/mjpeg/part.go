package mjpeg

import (
	"bytes"
	"errors"
	"slices"

	"mjpegazer/stream/jpeg"
)

// maxExtra is how many pictures in a row are taken for padding of the one before them, unless an index tells of them: in a part
// that holds more, its length is false or the pictures are all meant.
const maxExtra = 3

// lead is the last picture that was returned, to tell whether what follows it in its part belongs to it: a gain map, a preview,
// the other eye. A part is one picture, its first.
type lead struct {
	start  int64 // of its SOI, in bytes of src; -1: there is none
	pixels int
	length int  // of its part; 0: not given
	headed bool // its part has a beginning: a delimiter, headers, or that of a body
	index  jpeg.Index
	extras int // pictures behind it that belonged to it
}

// position is where r.r lies, in bytes of src.
func (r *Reader) position() int64 { return r.total - int64(r.w-r.r) }

// extra reports whether the picture at r belongs to the one before.
func (r *Reader) extra() bool {
	l := &r.lead
	if r.framing.position != beforeHeaders || l.start < 0 {
		return false
	}
	start := int(r.position() - l.start)
	if l.index.Holds(start, r.walked) {
		_, another := jpeg.FindIndex(r.picture())
		return !another // of two cameras' pictures each has its own
	}
	pixels := r.walk.Width * r.walk.Height
	switch {
	case !l.headed || r.several || l.extras == maxExtra:
	case start < l.length, pixels < l.pixels, r.singles > 0:
		return true
	}
	r.several = r.several || l.headed && (l.extras == 0 || l.extras == maxExtra)
	return false
}

// follow makes the picture at r the one that others may belong to.
func (r *Reader) follow() {
	headed := r.framing.position != beforeHeaders
	if headed && r.lead.start >= 0 && r.lead.headed && !r.several {
		r.singles++
	}
	r.lead = lead{start: r.position(), pixels: r.walk.Width * r.walk.Height, headed: headed}
	if r.framing.fresh && r.framing.length <= r.maxFrame {
		r.lead.length = r.framing.length
	}
	r.lead.index, _ = jpeg.FindIndex(r.picture())
}

// picture is the whole picture at r.
func (r *Reader) picture() []byte { return r.buf[r.r : r.r+r.walked : r.r+r.walked] }

// pass leaves out the picture at r.
func (r *Reader) pass() {
	r.lead.extras++
	r.framing.quirks |= quirkBehind
	r.advance(r.walked)
}

// knownUnended is how many pictures without EOI, one after the other and before any with it, show that a camera never sends it.
const knownUnended = 2

// maxTried is how many pictures without EOI are looked at closely, which costs as much as to decode them.
const maxTried = 16

var eoi = []byte{0xFF, 0xD9}

// partEnd finds where the part ends that the picture at r is in: it has at most size bytes, and they are all that will come where
// ended is true.
func (r *Reader) partEnd(size int, ended bool) (end int, ok bool) {
	b, length := r.buf[r.r:r.r+size], 0
	if r.framing.fresh {
		length = r.framing.length
	}
	if length > 0 && length <= size {
		rest := bytes.TrimLeft(b[length:], "\r\n")
		if len(rest) == 0 && ended || bytes.HasPrefix(rest, []byte("--")) {
			return length, true
		}
	}
	if r.framing.boundary != nil {
		if at := bytes.Index(b, r.framing.boundary); at >= 0 {
			return at, length <= at
		}
	}
	return size, ended && r.body && length <= size
}

// mend gives the picture at r an EOI where its part ends, if the camera never sends one. Until that is known the picture counts as
// damaged. False means that it is not so.
func (r *Reader) mend(size int, ended bool) bool {
	if !r.walk.Scanning() || r.dropped > 0 || r.sawEOI {
		return false
	}
	end, ok := r.partEnd(size, ended)
	if !ok {
		return false
	}
	mended := slices.Concat(bytes.TrimRight(r.buf[r.r:r.r+end], "\r\n"), eoi)
	if r.opened < knownUnended {
		if r.tried++; r.tried > maxTried || !complete(mended) {
			return false
		}
		r.opened++
	}
	if r.opened < knownUnended {
		r.damaged++
		r.advance(end)
		return true
	}
	r.mended, r.walked = mended, end
	return true
}

// complete reports whether a picture has all its data, and was not cut.
func complete(p []byte) bool {
	var decoder jpeg.Decoder
	_, err := decoder.Decode(p, 8)
	return !errors.Is(err, jpeg.ErrBroken)
}

// mendedPart returns the picture that mend has made whole.
func (r *Reader) mendedPart() Part {
	part := Part{JPEG: r.mended, Damaged: r.damaged, Time: r.framing.time, Repeat: r.framing.repeat}
	r.framing.quirks |= quirkUnended
	r.mended, r.damaged = nil, 0
	r.advance(r.walked)
	return part
}
