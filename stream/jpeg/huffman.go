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

// standardTables is one complete DHT segment, marker included, with the four
// Huffman tables of ITU-T T.81, Annex K.3: what the encoder writes, and what a
// picture without tables (AVI1, many webcams) means.
const standardTables = "\xff\xc4\x01\xa2" +
	// Luminance DC (K.3): class and number, codes of each length, symbols.
	"\x00" +
	"\x00\x01\x05\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b" +
	// Luminance AC (K.5).
	"\x10" +
	"\x00\x02\x01\x03\x03\x02\x04\x03\x05\x05\x04\x04\x00\x00\x01\x7d" +
	"\x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06\x13\x51\x61\x07" +
	"\x22\x71\x14\x32\x81\x91\xa1\x08\x23\x42\xb1\xc1\x15\x52\xd1\xf0" +
	"\x24\x33\x62\x72\x82\x09\x0a\x16\x17\x18\x19\x1a\x25\x26\x27\x28" +
	"\x29\x2a\x34\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49" +
	"\x4a\x53\x54\x55\x56\x57\x58\x59\x5a\x63\x64\x65\x66\x67\x68\x69" +
	"\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x83\x84\x85\x86\x87\x88\x89" +
	"\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7" +
	"\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5" +
	"\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xe1\xe2" +
	"\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8" +
	"\xf9\xfa" +
	// Chrominance DC (K.4).
	"\x01" +
	"\x00\x03\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00" +
	"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b" +
	// Chrominance AC (K.6).
	"\x11" +
	"\x00\x02\x01\x02\x04\x04\x03\x04\x07\x05\x04\x04\x00\x01\x02\x77" +
	"\x00\x01\x02\x03\x11\x04\x05\x21\x31\x06\x12\x41\x51\x07\x61\x71" +
	"\x13\x22\x32\x81\x08\x14\x42\x91\xa1\xb1\xc1\x09\x23\x33\x52\xf0" +
	"\x15\x62\x72\xd1\x0a\x16\x24\x34\xe1\x25\xf1\x17\x18\x19\x1a\x26" +
	"\x27\x28\x29\x2a\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48" +
	"\x49\x4a\x53\x54\x55\x56\x57\x58\x59\x5a\x63\x64\x65\x66\x67\x68" +
	"\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x82\x83\x84\x85\x86\x87" +
	"\x88\x89\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5" +
	"\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3" +
	"\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda" +
	"\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf2\xf3\xf4\xf5\xf6\xf7\xf8" +
	"\xf9\xfa"
