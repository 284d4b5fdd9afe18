package jpeg

// coefficients are those of a block, where a dequantizer puts them.
type coefficients [64]int32

// block reads a block, adds it to b, which is all zero, and returns the zigzag index of its last coefficient. False: it
// makes no sense.
func (r *bitReader) block(c *component, q *dequantizer, b *coefficients) (last uint, ok bool) {
	if !r.difference(c) {
		return 0, false
	}
	b[q[0].at&63] = q[0].multiply(c.prediction)

	// The reader's fields are in registers here.
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
			word, have, pos = r.word, r.have, r.pos
		}
		word <<= length & (wordBits - 1)
		have -= length
		k += advance
		if k > 63 {
			break
		}
		last = k
		t := &q[k]
		b[t.at&63] += t.multiply(value)
	}
	r.word, r.have, r.pos = word, have, pos
	return last, k == 63 || k >= endOfBlock && k < noCode
}

// difference reads a DC coefficient. A block must begin where there is data: see padding.
func (r *bitReader) difference(c *component) bool {
	if r.overrun() {
		return false
	}
	r.fill()
	entry := c.dc.fast[r.word>>(wordBits-lookupBits)]
	if length := uint(entry & 0xff); length > 0 {
		r.word <<= length
		r.have -= length
		c.prediction += int32(entry) >> 16
		return true
	}
	value, advance := r.slow(c.dc)
	c.prediction += value
	return advance == 0
}

// skip reads a block of which only the DC coefficient is wanted.
func (r *bitReader) skip(c *component) (ok bool) {
	if !r.difference(c) {
		return false
	}
	data, word, have, pos := r.data, r.word, r.have, r.pos
	k := uint(0)
	for k < 63 {
		if have < 32 {
			word, have, pos = filled(data, word, have, pos)
		}
		entry := c.ac.fast[word>>(wordBits-lookupBits)]
		length := uint(entry & 0xff)
		advance := uint(entry >> 8 & 0xff)
		if length == 0 {
			r.word, r.have, r.pos = word, have, pos
			_, advance = r.slow(c.ac)
			word, have, pos = r.word, r.have, r.pos
		}
		word <<= length & (wordBits - 1)
		have -= length
		k += advance
	}
	r.word, r.have, r.pos = word, have, pos
	return k == 63 || k >= endOfBlock && k < noCode
}
