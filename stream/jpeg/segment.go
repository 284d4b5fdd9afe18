package jpeg

import (
	"encoding/binary"
	"fmt"
)

// Markers, B.1.1.3.
const (
	markerSOF0  = 0xC0 // frame headers: C0 to CF without C4, C8 and CC
	markerSOF2  = 0xC2
	markerDHT   = 0xC4
	markerJPG   = 0xC8
	markerDAC   = 0xCC
	markerSOF   = 0xCF
	markerRST0  = 0xD0
	markerRST7  = 0xD7
	markerSOI   = 0xD8
	markerEOI   = 0xD9
	markerSOS   = 0xDA
	markerDQT   = 0xDB
	markerDHP   = 0xDE
	markerEXP   = 0xDF
	markerDNL   = 0xDC
	markerDRI   = 0xDD
	markerAPP0  = 0xE0
	markerAPP1  = 0xE1
	markerAPP2  = 0xE2
	markerAPP14 = 0xEE
	markerJPG0  = 0xF0
	markerCOM   = 0xFE
)

// segment is a marker and its parameters.
type segment struct {
	marker byte
	data   []byte
}

// nextSegment returns the segment with which p begins (B.1.1.4), and what follows it. That of EOI has no parameters. Bytes
// that belong to no segment are passed over, as by Walk.
func nextSegment(p []byte) (s segment, rest []byte, err error) {
	for len(p) >= 2 && (p[0] != 0xFF || !beginsSegment(p[1])) {
		n := 1
		if p[0] == 0xFF && p[1] != 0xFF { // FF may be repeated (B.1.1.2)
			n = 2
		}
		p = p[n:]
	}
	switch {
	case len(p) < 2 || p[1] == markerSOI:
		return s, nil, errNoMarker
	case p[1] == markerEOI:
		return segment{marker: markerEOI}, p[2:], nil
	case len(p) < 4:
		return s, nil, errCutSegment
	}
	n := 2 + int(binary.BigEndian.Uint16(p[2:]))
	if n < 4 || n > len(p) {
		return s, nil, errCutSegment
	}
	return segment{p[1], p[4:n]}, p[n:], nil
}

// beginsSegment reports whether FF and this byte are a marker that stands between entropy-coded data, or end the picture.
func beginsSegment(second byte) bool {
	return second >= markerSOF0 && second&^7 != markerRST0 && (second < markerJPG0 || second == markerCOM)
}

var (
	errNoMarker   = fmt.Errorf("%w: it is cut, or no marker follows", ErrBroken)
	errCutSegment = fmt.Errorf("%w: it is cut in a segment", ErrBroken)
)
