package jpeg

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// ErrUnsupported is wrapped by errors that say what of a JPEG cannot be read here, though it may be whole.
var ErrUnsupported = errors.New("unsupported JPEG")

const defaultMaxPixels = 100_000_000

// component is one of a picture's, as its frame header describes it (B.2.2).
type component struct {
	index         int
	id            byte
	h, v          int // sampling factors
	steps         int // number of its quantization table
	width, height int // in blocks, of which the last may hang over the border (A.1.1, A.2.4)
	across, down  int // in blocks, as many as whole MCUs have
	dc, ac        *decodeTable
	prediction    int32 // the last DC coefficient
	seen          bool  // in a scan
}

// header is what the segments of one picture say, as far as they have been read.
type header struct {
	whole         []byte
	sof           byte // marker of the frame header, 0 before it
	width, height int
	h, v          int // the largest sampling factors
	components    []component
	all           [4]component // room for them
	restart       int          // MCUs from one restart marker to the next, 0 for none (B.2.4.4)
	jfif          bool
	adobe         int           // the colour transform that APP14 names, -1 without APP14
	steps         [4][64]uint16 // quantization tables, in zigzag order
	stepsKnown    [4]bool
	tablesKnown   [2][4]bool
	damaged       bool

	// The current scan.
	scanned      []*component
	room         [4]*component
	across, down int // MCUs
}

// reading reads pictures, one after the other.
type reading struct {
	header
	limit   int                // pixels of the largest picture
	tables  [2][4]*decodeTable // DC and AC, kept from one picture to the next, which usually has the same
	entropy bitReader
}

// receiver is what a picture is read for.
type receiver interface {
	// frame is called when the frame header has been read.
	frame() error
	// scan is called when a scan header has been read.
	scan()
	// unit reads the blocks of the MCU at x, y. False: they make no sense.
	unit(x, y int) bool
	// other is called for segments that do not concern the picture's data: APPn and COM.
	other(s segment)
	// missing is called for MCUs that are lost.
	missing(from, to int)
}

// read reads a picture. Errors other than ErrUnsupported leave what there is.
func (r *reading) read(p []byte, maxPixels int, to receiver) error {
	r.limit, r.header = cmp.Or(maxPixels, defaultMaxPixels), header{whole: p, adobe: -1}
	defer func() { r.whole = nil }()
	if len(p) < 2 || p[0] != 0xFF || p[1] != markerSOI {
		return fmt.Errorf("%w: no SOI", ErrBroken)
	}
	for p = p[2:]; ; {
		s, rest, err := nextSegment(p)
		switch {
		case err != nil:
			return err
		case s.marker == markerEOI:
			return r.end()
		}
		if err := r.segment(s, to); err != nil {
			return err
		}
		p = rest
		if s.marker == markerSOS {
			to.scan()
			p = r.scan(p, to)
		}
	}
}

// end reports what is wrong with a picture that has its EOI.
func (r *header) end() error {
	switch {
	case r.damaged:
		return fmt.Errorf("%w: its data is damaged", ErrBroken)
	case !r.drawn():
		return fmt.Errorf("%w: it has no scan", ErrBroken)
	}
	return nil
}

// drawn reports whether any component was in a scan.
func (r *header) drawn() bool {
	return slices.ContainsFunc(r.components, func(c component) bool { return c.seen })
}

// segment reads a segment's parameters.
func (r *reading) segment(s segment, to receiver) error {
	marker, p := s.marker, s.data
	if (marker&^15 == markerAPP0 || marker == markerCOM) && r.scanned == nil {
		to.other(s)
	}
	switch {
	case marker == markerDQT:
		return r.quantization(p)
	case marker == markerDHT:
		return r.huffman(p)
	case marker == markerDRI:
		if len(p) != 2 {
			return fmt.Errorf("%w: DRI of %d bytes", ErrBroken, len(p))
		}
		r.restart = int(binary.BigEndian.Uint16(p))
	case marker == markerSOS:
		return r.scanHeader(p)
	case marker == markerAPP0 && len(p) >= 5 && string(p[:5]) == "JFIF\x00":
		r.jfif = true
	case marker == markerAPP14 && len(p) >= 12 && string(p[:5]) == "Adobe":
		r.adobe = int(p[11])
	case marker >= markerSOF0 && marker <= markerSOF && marker != markerJPG && marker != markerDAC:
		if err := r.frameHeader(marker, p); err != nil {
			return err
		}
		if err := r.kind(); err != nil {
			return err
		}
		return to.frame()
	}
	return nil
}

// quantization reads DQT (B.2.4.1).
func (r *reading) quantization(p []byte) error {
	for len(p) > 0 {
		wide, number := int(p[0]>>4), p[0]&15
		size := 64 * (1 + wide)
		if p = p[1:]; wide > 1 || number > 3 || len(p) < size {
			return fmt.Errorf("%w: a quantization table makes no sense", ErrBroken)
		}
		for i := range r.steps[number] {
			if wide == 0 {
				r.steps[number][i] = uint16(p[i])
			} else {
				r.steps[number][i] = binary.BigEndian.Uint16(p[2*i:])
			}
		}
		r.stepsKnown[number], p = true, p[size:]
	}
	return nil
}

// huffman reads DHT (B.2.4.2).
func (r *reading) huffman(p []byte) error {
	for len(p) > 0 {
		class, number, n := p[0]>>4, p[0]&15, 0
		if len(p) >= 17 {
			for _, count := range p[1:17] {
				n += int(count)
			}
		}
		if class > 1 || number > 3 || len(p) < 17+n || n > 256 {
			return fmt.Errorf("%w: a Huffman table makes no sense", ErrBroken)
		}
		t := &r.tables[class][number]
		if *t == nil {
			*t = new(decodeTable)
		}
		if !(*t).set(p[1:17], p[17:17+n], class == 0) {
			return fmt.Errorf("%w: a Huffman table makes no sense", ErrBroken)
		}
		r.tablesKnown[class][number], p = true, p[17+n:]
	}
	return nil
}

// frameHeader reads a frame header (B.2.2).
func (r *reading) frameHeader(marker byte, p []byte) error {
	if r.sof != 0 || len(p) < 6 || len(p) != 6+3*int(p[5]) {
		return fmt.Errorf("%w: its frame header makes no sense", ErrBroken)
	}
	r.sof = marker
	r.height, r.width = int(binary.BigEndian.Uint16(p[1:])), int(binary.BigEndian.Uint16(p[3:]))
	if r.height == 0 {
		info, _, _ := Inspect(r.whole)
		r.height = info.Height
	}
	n := int(p[5])
	switch {
	case r.width == 0 || r.height == 0:
		return fmt.Errorf("%w: it is %dx%d", ErrBroken, r.width, r.height)
	case r.width > r.limit/r.height:
		return fmt.Errorf("%w: %dx%d is more than %g million pixels", ErrUnsupported, r.width, r.height, float64(r.limit)/1e6)
	case p[0] != 8:
		return fmt.Errorf("%w: %d bits a sample", ErrUnsupported, p[0])
	case n != 1 && n != 3 && n != 4:
		return fmt.Errorf("%w: %d components", ErrUnsupported, n)
	}
	r.h, r.v = 1, 1
	for i := range n {
		q := p[6+3*i:]
		c := component{index: i, id: q[0], h: int(q[1] >> 4), v: int(q[1] & 15), steps: int(q[2])}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || c.steps > 3 {
			return fmt.Errorf("%w: its frame header makes no sense", ErrBroken)
		}
		for _, other := range r.all[:i] {
			if other.id == c.id {
				return fmt.Errorf("%w: two components of one name", ErrBroken)
			}
		}
		if n == 1 { // the MCU of one component is one block (A.2.2)
			c.h, c.v = 1, 1
		}
		r.all[i] = c
		r.h, r.v = max(r.h, c.h), max(r.v, c.v)
	}
	r.components = r.all[:n]
	for i := range r.components {
		c := &r.components[i]
		c.width = ceilDiv(ceilDiv(r.width*c.h, r.h), 8)
		c.height = ceilDiv(ceilDiv(r.height*c.v, r.v), 8)
		c.across = ceilDiv(r.width, 8*r.h) * c.h
		c.down = ceilDiv(r.height, 8*r.v) * c.v
	}
	return nil
}

// kind reports what of a picture cannot be read here.
func (r *header) kind() error {
	switch {
	case r.sof == markerSOF2:
		return errProgressive
	case r.sof >= markerSOF0+9:
		return fmt.Errorf("%w: arithmetic coding", ErrUnsupported)
	case r.sof > markerSOF2:
		return fmt.Errorf("%w: lossless or hierarchical (process of SOF%d)", ErrUnsupported, r.sof-markerSOF0)
	case len(r.components) == 4:
		return errFourComponents
	}
	return nil
}

// What image/jpeg can read.
var (
	errProgressive    = fmt.Errorf("%w: it is progressive", ErrUnsupported)
	errFourComponents = fmt.Errorf("%w: it has four components (CMYK)", ErrUnsupported)
)

// blocks returns how many blocks of a component an MCU of the current scan has, across and down (A.2).
func (r *header) blocks(c *component) (h, v int) {
	if len(r.scanned) == 1 {
		return 1, 1
	}
	return c.h, c.v
}
