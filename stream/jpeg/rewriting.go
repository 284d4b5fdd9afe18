package jpeg

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// appendHead appends everything in front of the entropy-coded data.
func (p *plan) appendHead(dst []byte, r *header, kept []segment) []byte {
	dst = append(dst, 0xff, markerSOI)
	for _, s := range kept {
		dst = p.appendKept(dst, s)
	}
	sof := byte(markerSOF0)
	for i := range p.components {
		if c := &p.components[i]; c.table == i {
			wide := c.appendSteps(&dst)
			if wide {
				sof = markerSOF0 + 1 // B.2.4.1: more than a baseline picture may have
			}
		}
	}
	n := len(p.components)
	dst = append(dst, 0xff, sof, 0, byte(8+3*n), 8, // bits a sample
		byte(p.height>>8), byte(p.height), byte(p.width>>8), byte(p.width), byte(n))
	for i := range p.components {
		c := &p.components[i]
		dst = append(dst, c.id, byte(c.h<<4|c.v), byte(c.table))
	}
	dst = append(dst, standardTables...)
	dst = append(dst, 0xff, markerSOS, 0, byte(6+2*n), byte(n))
	for i := range p.components {
		dst = append(dst, p.components[i].id, byte(p.codes(i)*0x11))
	}
	return append(dst, 0, 63, 0)
}

// codes returns which of the standard tables a component has.
func (p *plan) codes(i int) int { return min(i, 1) }

// appendSteps appends a quantization table, and reports whether it needs 16 bits.
func (c *planned) appendSteps(dst *[]byte) (wide bool) {
	for _, step := range c.steps {
		wide = wide || step > 255
	}
	if wide {
		*dst = append(*dst, 0xff, markerDQT, 0, 2+1+128, byte(0x10|c.table))
	} else {
		*dst = append(*dst, 0xff, markerDQT, 0, 2+1+64, byte(c.table))
	}
	for _, step := range c.steps {
		if wide {
			*dst = append(*dst, byte(step>>8))
		}
		*dst = append(*dst, byte(step))
	}
	return wide
}

// appendKept appends a segment of the original, without a thumbnail. Pictures behind EOI are not kept, nor what refers to
// them.
func (p *plan) appendKept(dst []byte, s segment) []byte {
	switch {
	case s.marker == markerAPP0 && bytes.HasPrefix(s.data, []byte("JFXX\x00")),
		s.marker == markerAPP2 && bytes.HasPrefix(s.data, mpHead):
		return dst
	case s.marker == markerAPP0 && bytes.HasPrefix(s.data, []byte("JFIF\x00")) && len(s.data) > 14:
		s.data = s.data[:14]
	}
	start := len(dst) + 4
	dst = append(dst, 0xff, s.marker)
	dst = binary.BigEndian.AppendUint16(dst, uint16(2+len(s.data)))
	dst = append(dst, s.data...)
	s.data = dst[start:]
	if s.marker == markerAPP0 && bytes.HasPrefix(s.data, []byte("JFIF\x00")) && len(s.data) == 14 {
		s.data[12], s.data[13] = 0, 0
		if p.swap { // the density across and down
			s.data[8], s.data[9], s.data[10], s.data[11] = s.data[10], s.data[11], s.data[8], s.data[9]
		}
	}
	if e, ok := openExif(s); ok {
		e.dropThumbnail()
		if value := e.orientation(); value != nil && p.upright {
			e.order.PutUint16(value, uint16(Upright))
		}
	}
	return dst
}

// appendScan appends the blocks.
func (p *plan) appendScan(dst []byte, from *coefficientReader) []byte {
	w := entropy{out: dst, codes: standardCodes()}
	var last [4]int32
	for y := range ceilDiv(p.height, 8*p.v) {
		for x := range ceilDiv(p.width, 8*p.h) {
			for i := range p.components {
				c := &p.components[i]
				for n := range c.h * c.v {
					bx, by := x*c.h+n%c.h, y*c.v+n/c.h
					if bx >= c.width || by >= c.height { // beyond the border: what costs the fewest bits
						w.block(nil, 0, 0, p.codes(i))
						continue
					}
					b := &from.blocks[c.index][p.source(c, bx, by)]
					dc, nonzero := p.rewrite(c, b, from.values)
					w.block(&p.block, nonzero, dc-last[i], p.codes(i))
					last[i] = dc
				}
			}
		}
	}
	return w.end()
}

// source returns which block of a component becomes the one at x, y.
func (p *plan) source(c *planned, x, y int) int {
	x, y = c.x+x, c.y+y
	if p.swap {
		x, y = y, x
	}
	if p.mirror {
		x = c.columns - 1 - x
	}
	if p.flip {
		y = c.rows - 1 - y
	}
	return y*c.across + x
}

// rewrite puts the coefficients of a block, but for DC, into p.block. It returns DC, and which of the others are not zero.
func (p *plan) rewrite(c *planned, b *storedBlock, values []int16) (dc int32, nonzero uint64) {
	dc = int32(b.dc)
	values = values[b.first:]
	n := 0
	for left := b.others; left != 0; left &= left - 1 {
		k := bits.TrailingZeros64(left) & 63
		v := int32(values[n])
		n++
		sign := -int32(p.negated >> k & 1)
		p.block[p.natural[k]&63] = (v ^ sign) - sign
		nonzero |= 1 << (p.zigzag[k] & 63)
	}
	if !c.coarser {
		return dc, nonzero
	}
	dc = coarsened(dc, c.ratios[0])
	for left := nonzero; left != 0; left &= left - 1 {
		k := bits.TrailingZeros64(left) & 63
		natural := zigzag[k] & 63
		v := coarsened(p.block[natural], c.ratios[natural])
		p.block[natural] = v
		if v == 0 {
			nonzero &^= 1 << k
		}
	}
	return dc, nonzero
}

// coarsened returns v times a ratio, rounded to the nearest integer, halves towards zero.
func coarsened(v, ratio int32) int32 {
	sign := v >> 31
	return ((v^sign-sign)*ratio+1<<15-1)>>16 ^ sign - sign
}
