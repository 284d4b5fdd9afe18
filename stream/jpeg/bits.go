package jpeg

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

const (
	wordBits   = bits.UintSize
	lookupBits = 10
	// padding is what must follow the data, so that a block that is cut runs into it and not out of the slice: a code
	// of 16 bits and a value of 15, 64 times, and a word.
	padding = 64*31/8 + 8 + 8
)

// bitReader reads entropy-coded data (F.2.2) whose stuffing has been taken out.
type bitReader struct {
	data []byte // and padding
	size int    // of the data alone
	pos  int    // where the word continues
	word uint   // the next bits, the first the highest
	have uint   // how many of them are valid
}

// reset begins with the first bit of data, to which it adds the padding.
func (r *bitReader) reset() {
	var zero [padding]byte
	r.size = len(r.data)
	r.data = append(r.data, zero[:]...)
	r.pos, r.word, r.have = 0, 0, 0
}

// overrun reports whether more bits have been read than there are.
func (r *bitReader) overrun() bool { return r.pos*8-int(r.have) > r.size*8 }

// fill makes at least wordBits-7 bits valid.
func (r *bitReader) fill() {
	r.word, r.have, r.pos = filled(r.data, r.word, r.have, r.pos)
}

// filled is fill for those who keep the reader's fields in registers. Bits that are read twice are the same ones.
func filled(data []byte, word, have uint, pos int) (uint, uint, int) {
	if wordBits == 64 {
		word |= uint(binary.BigEndian.Uint64(data[pos:]) >> (have & 63))
	} else {
		word |= uint(binary.BigEndian.Uint32(data[pos:])) >> (have & 31)
	}
	return word, have | (wordBits - 8), pos + int((wordBits-1-have)/8)
}

// unstuff appends entropy-coded data to dst without the zeros that follow each FF (F.1.2.3), up to the next marker. It
// also returns the rest of p, which begins with that marker, or is empty.
func unstuff(dst, p []byte) (data, rest []byte) {
	for {
		i := bytes.IndexByte(p, 0xFF)
		if i < 0 || i+1 == len(p) {
			return append(dst, p...), nil
		}
		switch second := p[i+1]; {
		case second == 0:
			dst, p = append(dst, p[:i+1]...), p[i+2:]
		case second == 0xFF: // fill
			dst, p = append(dst, p[:i]...), p[i+1:]
		case endsData(second):
			return append(dst, p[:i]...), p[i:]
		default: // a camera that forgets to stuff
			dst, p = append(dst, p[:i+2]...), p[i+2:]
		}
	}
}

// endsData reports whether FF and this byte are a marker in entropy-coded data, and not what Walk passes over there.
func endsData(second byte) bool {
	switch {
	case second < markerSOF0, second == markerJPG, second == markerDHP, second == markerEXP,
		second >= markerJPG0 && second < markerCOM:
		return false
	}
	return true
}

// decodeTable says what the next bits are. An entry of fast holds what the next lookupBits bits begin with, if they hold
// it whole: in its lowest byte the length of code and value together, in the next how many coefficients it advances, and
// in its upper half the value. Where only the code fits the length is 0, the next byte the code's length and the upper
// half the symbol; where not even the code fits, all is 0.
type decodeTable struct {
	fast    [1 << lookupBits]uint32
	limit   [17]uint32 // behind the last code of each length, in 16 bits
	offset  [17]int32  // to the symbol of a code of each length
	symbols [256]uint8
	made    [16 + 256]byte // counts and symbols as they stand in DHT
	dc      bool
}

// How far an entry advances when it ends the block, and when it is no code.
const (
	endOfBlock = 128
	noCode     = 192
)

// set makes the table that DHT describes (C.2): 16 counts and as many symbols as they say. It is false where no code can
// be so. A picture of a stream has the tables of the one before.
func (t *decodeTable) set(counts, symbols []byte, dc bool) bool {
	if dc == t.dc && bytes.Equal(counts, t.made[:16]) && bytes.Equal(symbols, t.made[16:][:len(symbols)]) {
		return true
	}
	*t = decodeTable{dc: dc}
	copy(t.symbols[:], symbols)
	code, used := uint32(0), 0
	for length := 1; length <= 16; length++ {
		count := int(counts[length-1])
		t.offset[length] = int32(used) - int32(code)
		for range count {
			if code >= 1<<length {
				*t = decodeTable{}
				return false
			}
			t.enter(code, length, symbols[used])
			code++
			used++
		}
		t.limit[length] = code << (16 - length)
		code <<= 1
	}
	copy(t.made[:], counts)
	copy(t.made[16:], symbols)
	return true
}

// enter writes the entries of a code.
func (t *decodeTable) enter(code uint32, length int, symbol uint8) {
	if length > lookupBits {
		return
	}
	size, advance := t.meaning(symbol)
	free := lookupBits - length
	for i := range uint32(1) << free {
		entry := uint32(symbol)<<16 | uint32(length)<<8
		if size <= free {
			v := extend(uint(i>>(free-size)), uint(size))
			entry = uint32(v)<<16 | uint32(advance)<<8 | uint32(length+size)
		}
		t.fast[code<<free|i] = entry
	}
}

// meaning returns how many bits of a value follow a symbol, and how far it advances.
func (t *decodeTable) meaning(symbol uint8) (size, advance int) {
	if t.dc {
		if symbol > 15 {
			return 0, noCode
		}
		return int(symbol), 0
	}
	run, size := int(symbol>>4), int(symbol&15)
	if size == 0 && run != 15 {
		return 0, endOfBlock
	}
	return size, run + 1
}

// extend is the value that bits of this number stand for (F.2.2.1).
func extend(v, size uint) int32 {
	if size == 0 {
		return 0
	}
	if v>>(size-1)&1 == 0 {
		return int32(v) - (1<<size - 1)
	}
	return int32(v)
}

// slow reads what the lookup could not: a long code, or a code with a long value.
func (r *bitReader) slow(t *decodeTable) (value int32, advance uint) {
	entry := t.fast[r.word>>(wordBits-lookupBits)]
	length, symbol := uint(entry>>8&0xff), uint8(entry>>16)
	if entry == 0 {
		code := uint32(r.word >> (wordBits - 16))
		length = lookupBits + 1
		for ; length <= 16 && code >= t.limit[length]; length++ {
		}
		if length > 16 {
			return 0, noCode
		}
		symbol = t.symbols[uint8(t.offset[length]+int32(code>>(16-length)))]
	}
	r.word <<= length
	r.have -= length
	r.fill()
	size, skip := t.meaning(symbol)
	if size > 0 {
		value = extend(r.word>>(wordBits-uint(size)), uint(size))
		r.word <<= uint(size)
		r.have -= uint(size)
	}
	return value, uint(skip)
}

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
