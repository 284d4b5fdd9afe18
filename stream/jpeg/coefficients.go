package jpeg

import (
	"math"
	"slices"
)

// coefficientReader reads the coefficients of a picture (T.81, 4.8.1), as they are, and those alone that are not zero.
type coefficientReader struct {
	reading reading
	blocks  [4][]storedBlock // of each component, as many as whole MCUs have
	room    []storedBlock
	values  []int16   // of all blocks, those of each in zigzag order
	kept    []segment // that do not concern the picture's data
}

// storedBlock is a block whose coefficients are elsewhere, but for DC.
type storedBlock struct {
	others uint64 // bit k says that coefficient k, in zigzag order, is not zero
	first  uint32 // of values
	dc     int16
}

// read reads a picture. Errors are those of reading.read.
func (c *coefficientReader) read(picture []byte, maxPixels int) error {
	c.values, c.kept = c.values[:0], c.kept[:0]
	return c.reading.read(picture, maxPixels, c)
}

// frame makes room for the blocks.
func (c *coefficientReader) frame() error {
	total := 0
	for i := range c.reading.components {
		total += c.reading.components[i].across * c.reading.components[i].down
	}
	c.room = slices.Grow(c.room[:0], total)[:total]
	clear(c.room)
	rest := c.room
	for i := range c.reading.components {
		n := c.reading.components[i].across * c.reading.components[i].down
		c.blocks[i], rest = rest[:n:n], rest[n:]
	}
	return nil
}

func (c *coefficientReader) scan() {}

func (c *coefficientReader) other(s segment) { c.kept = append(c.kept, s) }

// missing leaves MCUs grey, as frame has made them.
func (c *coefficientReader) missing(from, to int) {
	for at := from; at < to; at++ {
		x, y := at%c.reading.across, at/c.reading.across
		for _, component := range c.reading.scanned {
			h, v := c.reading.blocks(component)
			for n := range v {
				clear(c.blocks[component.index][(y*v+n)*component.across+x*h:][:h])
			}
		}
	}
}

// unit reads the blocks of an MCU.
func (c *coefficientReader) unit(x, y int) bool {
	if int64(len(c.values)) > math.MaxUint32-64*64 {
		return false
	}
	for _, component := range c.reading.scanned {
		h, v := c.reading.blocks(component)
		for n := range v {
			row := c.blocks[component.index][(y*v+n)*component.across+x*h:][:h]
			for i := range row {
				c.values = slices.Grow(c.values, 64)
				used := len(c.values)
				others, count, ok := c.reading.entropy.sparse(component, (*[64]int16)(c.values[used:used+64]))
				if !ok {
					return false
				}
				row[i] = storedBlock{others, uint32(used), int16(component.prediction)}
				c.values = c.values[:used+count]
			}
		}
	}
	return true
}

// What coefficients of 8-bit samples are limited to (F.1.2.1.2, F.1.2.2.1): the standard tables have no codes for others.
const (
	maxDC = 1023
	maxAC = 1023
)

// sparse reads a block: which of its AC coefficients are not zero, and these.
func (r *bitReader) sparse(c *component, values *[64]int16) (others uint64, count int, ok bool) {
	if !r.difference(c) {
		return 0, 0, false
	}
	c.prediction = max(-maxDC-1, min(maxDC, c.prediction))
	data, word, have, pos := r.data, r.word, r.have, r.pos
	k := uint(0)
	for k < 63 {
		if have < 32 {
			word, have, pos = filled(data, word, have, pos)
		}
		entry := c.ac.fast[word>>(wordBits-lookupBits)]
		length := uint(entry & 0xff)
		value := int32(entry) >> 16
		advance := uint(entry >> 8 & 0xff)
		if length == 0 {
			r.word, r.have, r.pos = word, have, pos
			value, advance = r.slow(c.ac)
			value = max(-maxAC, min(maxAC, value))
			word, have, pos = r.word, r.have, r.pos
		}
		word <<= length & (wordBits - 1)
		have -= length
		k += advance
		if k > 63 {
			break
		}
		if value != 0 {
			others |= 1 << k
			values[count&63] = int16(value)
			count++
		}
	}
	r.word, r.have, r.pos = word, have, pos
	return others, count, k == 63 || k >= endOfBlock && k < noCode
}
