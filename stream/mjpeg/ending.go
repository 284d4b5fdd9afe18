package mjpeg

import (
	"bytes"
	"errors"
	"slices"

	"mjpegazer/stream/jpeg"
)

const (
	// knownUnended is how many pictures without EOI, one after the other and before any with it, show that a camera never sends it.
	knownUnended = 2
	// maxTried is how many pictures without EOI are looked at closely until that is known, which costs as much as to decode them.
	maxTried = 16
)

var eoi = []byte{0xFF, 0xD9}

// An ending is what is known of the ends of a camera's pictures.
type ending struct {
	seen    bool // an EOI
	open    int  // pictures without EOI that lack nothing else, while none with it was seen
	tried   int  // pictures that were looked at for that
	decoder *jpeg.Decoder
}

// known reports whether the camera never sends an EOI.
func (e *ending) known() bool { return e.open >= knownUnended }

// whole reports whether a picture, which was given an EOI, has all its data and was not cut.
func (e *ending) whole(picture []byte) bool {
	if e.decoder == nil {
		e.decoder = &jpeg.Decoder{}
	}
	_, err := e.decoder.Decode(picture, 8)
	return !errors.Is(err, jpeg.ErrBroken)
}

// Unended reports whether the last picture had no EOI, and another one without it will show that the camera never sends one.
func (r *Reader) Unended() bool { return r.ending.open > 0 && !r.ending.known() && !r.ending.seen }

// mend gives the picture at r an EOI where its part ends, if the camera never sends one. Until that is known the picture counts as
// damaged. The picture has at most size bytes, and they are all that will come where ended is true. False means that it was not
// mended.
func (r *Reader) mend(size int, ended bool) bool {
	e := &r.ending
	if e.seen || !r.walk.Scanning() || r.dropped > 0 {
		return false
	}
	end, next, ok := r.partEnd(size, ended)
	if !ok {
		return false
	}
	if !e.known() {
		if e.tried++; e.tried > maxTried {
			return false
		}
	}
	mended := slices.Concat(r.buf[r.r:r.r+end], eoi)
	if !e.whole(mended) {
		return false
	}
	if !e.known() {
		e.open++
	}
	if !e.known() {
		r.damaged++
		r.advance(next)
		return true
	}
	r.mended, r.walked = mended, next
	return true
}

// partEnd finds where the part ends that the picture at r is in, and where what follows it begins.
func (r *Reader) partEnd(size int, ended bool) (end, next int, ok bool) {
	b, length := r.buf[r.r:r.r+size], 0
	if r.framing.fresh {
		length = r.framing.length
	}
	if r.framing.boundary != nil {
		// Where the delimiter comes before the length is over, the picture was cut.
		if at := bytes.Index(b, r.framing.boundary); at >= 0 {
			return len(withoutLineEnd(b[:at])), at, length <= at
		}
	}
	if length > 0 && length <= size {
		rest := bytes.TrimLeft(r.buf[r.r+length:r.w], "\r\n")
		over := len(rest) == 0 && (ended || r.body && r.ending.known())
		if over || bytes.HasPrefix(rest, dashes) || bytes.HasPrefix(rest, soi[:2]) {
			return length, length, true
		}
	}
	return size, size, ended && r.body && length <= size
}

func withoutLineEnd(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// mendedPart returns the picture that mend has made whole.
func (r *Reader) mendedPart() Part {
	part := Part{JPEG: r.mended, Damaged: r.damaged, Time: r.framing.time, Repeat: r.framing.repeat}
	r.framing.quirks |= quirkUnended
	r.mended, r.damaged = nil, 0
	r.advance(r.walked)
	return part
}
