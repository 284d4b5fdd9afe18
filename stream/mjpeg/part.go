package mjpeg

import "mjpegazer/stream/jpeg"

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
	if r.framing.position != beforeHeaders || r.framing.lost || l.start < 0 {
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
	case start < l.length, pixels != l.pixels, r.singles > 0: // a film's pictures have one size
		return true
	}
	r.several = r.several || l.headed && (l.extras == 0 || l.extras == maxExtra)
	return false
}

// follow makes the picture at r the one that others may belong to.
func (r *Reader) follow() {
	headed := r.framing.position != beforeHeaders || r.framing.lost && r.lead.headed
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

// padding reports whether the picture at r, which is not whole, lies in what follows the first of its part.
func (r *Reader) padding() bool {
	start := int(r.position() - r.lead.start)
	return r.lead.start >= 0 && r.framing.position == beforeHeaders && (start < r.lead.length || r.lead.index.Starts(start))
}

// pass leaves out the picture at r.
func (r *Reader) pass() {
	r.lead.extras++
	r.framing.quirks |= quirkBehind
	r.behind()
}
