package jpeg

import (
	"encoding/binary"
	"math/bits"
	"sync"
)

// codes has for each symbol, run<<4 | size, its code with room behind it for
// size more bits, and in the lowest bits of the entry the length of both.
type codes [256]uint32

const lengthBits = 6

// standardCodes are those of standardTables, in its order: DC and AC of
// luminance, DC and AC of chrominance.
var standardCodes = sync.OnceValue(func() *[4]codes {
	var tables [4]codes
	rest := standardTables[4:]
	for i := range tables {
		counts, symbols := rest[1:17], rest[17:]
		code, used := uint32(0), 0
		for length := range uint32(16) {
			for range counts[length] {
				symbol := symbols[used]
				size := uint32(symbol & 15)
				tables[i][symbol] = code<<(size+lengthBits) | (length + 1 + size)
				code++
				used++
			}
			code <<= 1
		}
		rest = symbols[used:]
	}
	return &tables
})

// entropy writes entropy-coded data (F.1.2).
type entropy struct {
	out     []byte
	bits    uint64 // those not yet written, the latest the lowest
	waiting uint   // how many, below 32 between calls
	codes   *[4]codes
}

// put writes an entry of codes with v in the room behind the code.
func (e *entropy) put(entry, v uint32) {
	n := uint(entry % (1 << lengthBits))
	e.bits = e.bits<<n | uint64(entry>>lengthBits|v)
	e.waiting += n
	if e.waiting >= 32 {
		e.flush()
	}
}

// flush appends 32 bits, and a zero behind each byte that is 0xFF.
func (e *entropy) flush() {
	e.waiting -= 32
	v := uint32(e.bits >> (e.waiting % 32))
	if (^v-0x01010101)&v&0x80808080 == 0 { // no byte is 0xFF
		e.out = binary.BigEndian.AppendUint32(e.out, v)
		return
	}
	for shift := 24; shift >= 0; shift -= 8 {
		e.stuff(byte(v >> shift))
	}
}

func (e *entropy) stuff(b byte) {
	e.out = append(e.out, b)
	if b == 0xff {
		e.out = append(e.out, 0)
	}
}

// block writes a block whose DC coefficient differs by diff from the last one's.
// Bits 1 to 63 of nonzero say which other coefficients there are.
func (e *entropy) block(b *block, nonzero uint64, diff int32, table int) {
	dc, ac := &e.codes[2*table], &e.codes[2*table+1]
	size, value := magnitude(diff)
	e.put(dc[size], value)
	last := 0
	for nonzero &^= 1; nonzero != 0; nonzero &= nonzero - 1 {
		at := bits.TrailingZeros64(nonzero) % 64
		run := at - last - 1
		last = at
		for ; run > 15; run -= 16 {
			e.put(ac[0xf0], 0)
		}
		size, value := magnitude(b[zigzag[at]%64])
		e.put(ac[uint8(run<<4)|uint8(size)], value)
	}
	if last < 63 {
		e.put(ac[0], 0)
	}
}

// magnitude returns the bits of v without leading zeros, those of v-1 if it is
// negative, and how many they are (F.1.2.1).
func magnitude(v int32) (size uint8, value uint32) {
	sign := v >> 31
	size = uint8(bits.Len32(uint32((v ^ sign) - sign)))
	return size, uint32(v+sign) & (1<<(size%32) - 1)
}

// end fills the last byte with ones.
func (e *entropy) end() []byte {
	e.put(0x7f<<lengthBits|7, 0)
	for ; e.waiting >= 8; e.waiting -= 8 {
		e.stuff(byte(e.bits >> (e.waiting - 8)))
	}
	return e.out
}
