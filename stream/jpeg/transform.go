package jpeg

import (
	"errors"
	"fmt"
	"image"
	"math/bits"
)

// A Transform changes JPEGs without decoding them: it reads their coefficients, moves them, and writes them with the
// standard Huffman tables. Nothing is lost but what is asked for, and it costs little more than decoding. It reads the
// pictures that a [Decoder] reads itself. Once it has seen a picture it allocates nothing for others like it. The zero
// value changes nothing that is seen. A Transform serves one goroutine at a time.
//
// Restart markers and thumbnails are left out; other APPn and COM segments are kept.
type Transform struct {
	// Turn is applied to the picture as its Exif orientation shows it, which becomes Upright. 0 leaves both alone.
	//
	// Blocks can be moved, but not their border: columns or rows at the right or below that do not fill an MCU, of 8 or 16
	// pixels in most pictures, are left out where they would come to the left or above.
	Turn Orientation
	// Crop is the part of the turned picture that is kept, if it is not empty. It grows to the left and above to the border
	// of an MCU.
	Crop image.Rectangle
	// Grey leaves luma only.
	Grey bool
	// Quality, from 1 to 100, quantizes more coarsely where an Encoder of this quality would. 0 leaves all as it is.
	Quality int
	// MaxPixels is the size of the largest picture that is read. 0 means 100 million.
	MaxPixels int

	coefficients coefficientReader
	plan         plan
}

// Append appends the changed picture to dst. Errors that wrap [ErrUnsupported] say what of the picture or of the change is
// not possible without decoding; others what makes no sense. Then dst is returned as it was.
//
// Of a picture that is cut or damaged the part that there is, upon grey, is appended, together with an error that wraps
// [ErrBroken]; nothing is appended if there is none.
func (t *Transform) Append(dst, picture []byte) ([]byte, error) {
	c := &t.coefficients
	damage := c.read(picture, t.MaxPixels)
	if errors.Is(damage, ErrUnsupported) || !c.reading.drawn() {
		return dst, damage
	}
	if err := t.plan.make(t, picture); err != nil {
		return dst, err
	}
	dst = t.plan.appendHead(dst, &c.reading.header, c.kept)
	dst = t.plan.appendScan(dst, c)
	return append(dst, 0xff, markerEOI), damage
}

// plan says what the written picture is made of.
type plan struct {
	upright            bool // the Exif orientation is set
	swap, mirror, flip bool // see Orientation.steps
	width, height      int
	h, v               int // the largest sampling factors
	components         []planned
	room               [4]planned
	// For each coefficient in zigzag order, which one it becomes, in zigzag and in natural order, and whether it is negated.
	zigzag, natural [64]uint8
	negated         uint64

	block block // the one that is being written
}

// planned is a component of the written picture.
type planned struct {
	*component        // of the picture read
	h, v          int // sampling factors
	columns, rows int // blocks of the component read that are turned
	x, y          int // the block at the upper left
	width, height int // blocks
	table         int // number of its quantization table
	steps         [64]uint16
	coarser       bool
	ratios        [64]int32 // of the old step to the new, in 16 bits of fraction and natural order
}

// make plans what t asks for.
func (p *plan) make(t *Transform, picture []byte) error {
	r := &t.coefficients.reading
	turn := t.Turn
	if turn != 0 {
		turn = OrientationOf(picture).Then(turn)
	}
	p.upright = t.Turn != 0
	p.swap, p.mirror, p.flip = turn.steps()
	p.components = p.room[:len(r.components)]
	if t.Grey && len(r.components) > 1 {
		if r.rgb() || r.all[0].h != r.h || r.all[0].v != r.v {
			return fmt.Errorf("%w: its luma is not a component of its own", ErrUnsupported)
		}
		p.components = p.room[:1]
	}
	if t.Quality < 0 || t.Quality > 100 {
		return fmt.Errorf("jpeg: quality %d is not 1 to 100", t.Quality)
	}
	if err := p.turn(&r.header); err != nil {
		return err
	}
	if err := p.crop(t.Crop); err != nil {
		return err
	}
	p.order()
	p.quantize(&r.header, t.Quality)
	return nil
}

// turn plans what becomes of the components' blocks.
func (p *plan) turn(r *header) error {
	p.width, p.height, p.h, p.v = r.width, r.height, r.h, r.v
	if len(p.components) == 1 { // A.2.2
		p.h, p.v = 1, 1
	}
	if p.mirror {
		p.width -= p.width % (8 * p.h)
	}
	if p.flip {
		p.height -= p.height % (8 * p.v)
	}
	if p.width == 0 || p.height == 0 {
		return fmt.Errorf("%w: %dx%d is too small to be turned or mirrored without loss", ErrUnsupported, r.width, r.height)
	}
	for i := range p.components {
		c := &p.components[i]
		c.component, c.h, c.v = &r.all[i], r.all[i].h, r.all[i].v
		if len(p.components) == 1 {
			c.h, c.v = 1, 1
		}
		c.columns, c.rows = ceilDiv(ceilDiv(p.width*c.h, p.h), 8), ceilDiv(ceilDiv(p.height*c.v, p.v), 8)
		if p.swap {
			c.h, c.v = c.v, c.h
		}
	}
	if p.swap {
		p.width, p.height, p.h, p.v = p.height, p.width, p.v, p.h
	}
	return nil
}

// crop plans which part is kept.
func (p *plan) crop(part image.Rectangle) error {
	whole := image.Rect(0, 0, p.width, p.height)
	if part.Empty() {
		part = whole
	}
	kept := part.Intersect(whole)
	if kept.Empty() {
		return fmt.Errorf("jpeg: %v is outside a picture of %dx%d", part, p.width, p.height)
	}
	x, y := kept.Min.X/(8*p.h), kept.Min.Y/(8*p.v)
	p.width, p.height = kept.Max.X-x*8*p.h, kept.Max.Y-y*8*p.v
	for i := range p.components {
		c := &p.components[i]
		c.x, c.y = x*c.h, y*c.v
		c.width, c.height = ceilDiv(ceilDiv(p.width*c.h, p.h), 8), ceilDiv(ceilDiv(p.height*c.v, p.v), 8)
	}
	return nil
}

// order plans what becomes of the coefficients of a block: those of waves that are mirrored the other way are negated.
func (p *plan) order() {
	p.negated = 0
	for k, natural := range zigzag {
		u, v := natural%8, natural/8
		if (p.mirror && u%2 == 1) != (p.flip && v%2 == 1) {
			p.negated |= 1 << k
		}
		if p.swap {
			natural = u*8 + v
		}
		p.zigzag[k], p.natural[k] = uint8(bits.TrailingZeros64(zigzagBit[natural])), natural
	}
}

// quantize plans the quantization tables, in zigzag order of the written picture.
func (p *plan) quantize(r *header, quality int) {
	for i := range p.components {
		c := &p.components[i]
		c.coarser, c.table = false, i
		least := [64]uint8{}
		if quality > 0 {
			kind := min(i, 1)
			if r.rgb() {
				kind = 0
			}
			least = scaled(&standardSteps[kind], quality, 1)
		}
		for k := range c.steps {
			to, natural := p.zigzag[k], p.natural[k]
			step := max(1, int32(r.steps[c.component.steps][k]))
			coarse := max(step, int32(least[natural]))
			c.steps[to], c.ratios[natural] = uint16(coarse), step<<16/coarse
			c.coarser = c.coarser || coarse > step
		}
		for j := range i {
			if p.components[j].steps == c.steps {
				c.table = p.components[j].table
				break
			}
		}
	}
}
