// Package jpeg knows what a JPEG is, and makes others of it. It reads and writes bytes alone; who sends or shows them is not
// its business.
//
// [Walk] and [Inspect] say where a picture ends that arrives in pieces, what its header says, and which tables it lacks.
// What changes a picture, the cheapest first:
//
//   - [Orientation.Append] says how it is to be shown;
//   - [Transform] turns, mirrors, crops and so on without decoding it;
//   - [Decoder] makes samples of it, in full size or smaller, [Scaler] brings these to a size or turns them, and [Encoder]
//     makes a JPEG of them.
//
// Paragraph numbers are those of ITU-T T.81.
package jpeg

import (
	"bytes"
	"errors"
	"io"
)

// ErrBroken says that the bytes are not, or no longer, those of a JPEG.
var ErrBroken = errors.New("not a whole JPEG")

// state says what the next byte of a picture is.
type state uint8

const (
	atStart    state = iota // before the first byte of SOI
	inSOI                   // between the two bytes of SOI
	atMarker                // a marker must follow
	inMarker                // behind FF, which may be repeated (B.1.1.2)
	inLength                // before the first byte of a segment's length
	inLength2               // before the second
	inSegment               // `left` bytes of the segment are to come
	inScan                  // entropy-coded data
	inScanMark              // behind an FF in entropy-coded data
	atEnd                   // behind EOI
)

// Walk finds the end of one picture whose bytes arrive in pieces: SOI, segments by their length, entropy-coded data to the
// next marker that is neither stuffing nor a restart, EOI. Up to 4 KB between segments that belong to none are passed over, as
// decoders do. It keeps no bytes. The zero value stands before a picture.
type Walk struct {
	Info

	state  state
	marker byte
	left   int     // bytes of the segment still to come
	seen   int     // bytes of the picture walked so far
	sure   int     // see Resume
	head   [5]byte // of the frame header: precision, lines, samples a line; lines again of DNL (B.2.5)
	kept   int     // bytes of head that are there
	sof    byte    // marker of the frame header, 0 before it
	junk   int     // bytes so far that belong to no segment
	gaps   int     // places between segments where there was junk
	nested bool    // a picture began in the latest segment, and did not end there
	half   bool    // the last byte of the segment so far was FF
	tables bool    // a DHT segment was seen before the first scan
}

// Next walks on through p, the bytes that follow those of the last call, and returns how many of them belong to the
// picture. After EOI err is io.EOF and the picture is whole; nil asks for more; ErrBroken says that no whole picture
// begins where the walk began, and Resume where to look for the next.
func (w *Walk) Next(p []byte) (n int, err error) {
	for n < len(p) {
		switch w.state {
		case inScan:
			n += w.scan(p[n:])
			continue
		case inSegment:
			n += w.segment(p[n:])
			continue
		case atEnd:
			return n, io.EOF
		}
		if !w.step(p[n]) {
			return n, ErrBroken
		}
		n++
		w.seen++
	}
	if w.state == atEnd {
		return n, io.EOF
	}
	return n, nil
}

// Resume is where, counted from the picture's first byte, the search for another picture resumes after ErrBroken: behind
// the last marker that was in its place. What a well-formed segment holds, such as the thumbnail in an Exif header, is
// not searched; what a segment's false length swallowed is.
func (w *Walk) Resume() int { return w.sure }

// Scanning reports whether the walk has reached the picture's entropy-coded data.
func (w *Walk) Scanning() bool { return w.Scan > 0 }

// step takes one byte anywhere outside segments and scans. False means that it cannot stand there.
func (w *Walk) step(c byte) bool {
	switch w.state {
	case atStart:
		w.state = inSOI
		return c == 0xFF
	case inSOI:
		if c != markerSOI {
			return false
		}
		w.state, w.sure = atMarker, 2
	case atMarker:
		if c != 0xFF {
			w.nested = w.nested || w.half && c == markerSOI
			return w.skip(1)
		}
		w.state = inMarker
	case inMarker:
		return c == 0xFF || w.begin(c)
	case inLength:
		w.left = int(c) << 8
		w.state = inLength2
	case inLength2:
		w.left |= int(c)
		if w.left < 2 { // B.1.1.4: the length counts itself
			return false
		}
		w.left -= 2
		w.state = inSegment
		w.finish()
	case inScanMark:
		return w.scanMarker(c)
	}
	return true
}

// Bounds of what is passed over between segments. Cameras were seen to leave 608 bytes, in one place.
const (
	maxJunk = 4 << 10
	maxGaps = 16
)

// skip passes over bytes where a marker should stand. Where a picture has begun in the segment before, that has swallowed it: the
// one that is walked through was cut.
func (w *Walk) skip(n int) bool {
	if w.nested {
		return false
	}
	if w.junk == 0 || w.marker != 0 {
		w.gaps++
	}
	w.junk += n
	w.marker, w.state = 0, atMarker
	return w.junk <= maxJunk && w.gaps <= maxGaps
}

// begin takes the second byte of a marker outside entropy-coded data.
func (w *Walk) begin(c byte) bool {
	switch {
	case c == markerEOI:
		w.state = atEnd
		return w.Scan > 0
	case c == markerSOI:
		w.sure = w.seen - 1 // another picture begins here
		return false
	case c == markerSOS:
		if w.Width == 0 {
			return false
		}
		if w.Scan == 0 {
			w.Scan = w.seen - 1
			w.NoTables = w.sof <= markerSOF2 && !w.tables
		}
	case c == markerDHT:
		w.tables = w.tables || w.Scan == 0
	case c >= markerSOF0 && c <= markerSOF && c != markerJPG && c != markerDAC:
		if w.sof != 0 {
			return false
		}
		w.sof = c
	case c < markerSOF0, c >= markerRST0 && c <= markerRST7, c >= markerJPG0 && c < markerCOM:
		return w.skip(2) // no segment begins so
	}
	if c == markerDNL {
		w.kept = 1
	}
	if w.junk == 0 { // what follows junk may be more of it, and the next picture be in what it says is its segment
		w.sure = w.seen + 1
	}
	w.marker = c
	w.state = inLength
	w.nested, w.half = false, false
	return true
}

// segment walks through a segment's parameters.
func (w *Walk) segment(p []byte) int {
	n := min(w.left, len(p))
	switch w.marker {
	case w.sof:
		w.kept += copy(w.head[w.kept:], p[:n])
	case markerDNL:
		w.kept += copy(w.head[min(w.kept, 3):3], p[:n])
	}
	w.nest(p[:n])
	w.left -= n
	w.seen += n
	w.finish()
	return n
}

// nest looks for pictures that begin or end in a segment.
func (w *Walk) nest(p []byte) {
	for n := 0; n < len(p); n++ {
		if !w.half {
			i := bytes.IndexByte(p[n:], 0xFF)
			if i < 0 {
				return
			}
			if n += i + 1; n == len(p) {
				w.half = true
				return
			}
		}
		w.nested = p[n] == markerSOI || w.nested && p[n] != markerEOI
		w.half = p[n] == 0xFF
	}
}

// finish leaves a segment whose last byte was walked.
func (w *Walk) finish() {
	if w.left > 0 {
		return
	}
	w.state = atMarker
	switch w.marker {
	case markerSOS:
		w.state = inScan
	case w.sof:
		w.Height = int(w.head[1])<<8 | int(w.head[2])
		w.Width = int(w.head[3])<<8 | int(w.head[4])
	case markerDNL:
		if w.Height == 0 && w.kept == 3 {
			w.Height = int(w.head[1])<<8 | int(w.head[2])
		}
	}
}

// scan walks through entropy-coded data to just behind the next FF that begins a marker, or to the end of p. Stuffing and
// restarts, hundreds in a large picture, are passed here without leaving the loop.
func (w *Walk) scan(p []byte) int {
	n := 0
	for {
		i := bytes.IndexByte(p[n:], 0xFF)
		if i < 0 {
			w.seen += len(p)
			return len(p)
		}
		n += i + 1
		if n < len(p) && (p[n] == 0 || p[n]&^7 == markerRST0) {
			n++
			continue
		}
		w.state = inScanMark
		w.seen += n
		return n
	}
}

// scanMarker takes the byte behind an FF in entropy-coded data. What no encoder puts there is passed over like a decoder
// would: a camera that forgets to stuff shows a scratch, not nothing.
func (w *Walk) scanMarker(c byte) bool {
	switch {
	case c == 0xFF:
	case c < markerSOF0, c >= markerRST0 && c <= markerRST7, c == markerJPG, c == markerDHP, c == markerEXP,
		c >= markerJPG0 && c < markerCOM:
		w.state = inScan
	default:
		return w.begin(c)
	}
	return true
}
