package jpeg_test

import "mjpegazer/stream/jpeg"

// writer writes entropy-coded data, with the standard tables, bit by bit.
type writer struct {
	out  []byte
	bits []byte // each 0 or 1
}

// codes are, for each symbol of the four tables in the order of the standard, its code and how many bits that has.
var codes = func() (tables [4][256][2]int) {
	rest := jpeg.Info{NoTables: true}.Missing()[4:]
	for i := range tables {
		counts, symbols := rest[1:17], rest[17:]
		code, used := 0, 0
		for length := range 16 {
			for range counts[length] {
				tables[i][symbols[used]] = [2]int{code, length + 1}
				code++
				used++
			}
			code <<= 1
		}
		rest = symbols[used:]
	}
	return tables
}()

func (w *writer) code(table int, symbol byte) {
	w.put(codes[table][symbol][0], codes[table][symbol][1])
}

func (w *writer) put(v, n int) {
	for n--; n >= 0; n-- {
		w.bits = append(w.bits, byte(v>>n&1))
	}
	for len(w.bits) >= 8 {
		c := byte(0)
		for _, bit := range w.bits[:8] {
			c = c<<1 | bit
		}
		w.bits = w.bits[8:]
		w.out = append(w.out, c)
		if c == 0xff {
			w.out = append(w.out, 0)
		}
	}
}

func (w *writer) align() {
	if n := len(w.bits); n > 0 {
		w.put(0xff, 8-n)
	}
}

func (w *writer) restart(n int) {
	w.align()
	w.out = append(w.out, 0xff, byte(0xd0+n%8))
}

// value writes the bits of a value (F.1.2.1), and returns how many they are.
func size(v int) (n int) {
	for v = max(v, -v); v > 0; v >>= 1 {
		n++
	}
	return n
}

func (w *writer) value(v, n int) {
	if v < 0 {
		v += 1<<n - 1
	}
	w.put(v, n)
}

func (w *writer) difference(v, table int) {
	w.code(2*table, byte(size(v)))
	w.value(v, size(v))
}

func (w *writer) rest(b [64]int, table int) {
	run := 0
	for _, natural := range zigzag[1:] {
		v := b[natural]
		if v == 0 {
			run++
			continue
		}
		for ; run > 15; run -= 16 {
			w.code(2*table+1, 0xf0)
		}
		w.code(2*table+1, byte(run<<4|size(v)))
		w.value(v, size(v))
		run = 0
	}
	if run > 0 {
		w.code(2*table+1, 0)
	}
}
