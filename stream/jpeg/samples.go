package jpeg

// samples is one component of a raw picture.
type samples struct {
	pix           []byte // begins with the first sample
	stride, step  int    // bytes to the sample below, and to the next
	width, height int
}

// block is eight rows of eight samples or coefficients.
type block [64]int32

// load copies the block at x, y. Beyond the border the last row and column
// are repeated, which costs the fewest bits.
func (s *samples) load(b *block, x, y int) {
	if x+8 > s.width || y+8 > s.height {
		s.loadBorder(b, x, y)
		return
	}
	at := y*s.stride + x*s.step
	switch s.step {
	case 1:
		for i := 0; i < 64; i, at = i+8, at+s.stride {
			p, r := (*[8]byte)(s.pix[at:]), (*[8]int32)(b[i:])
			r[0], r[1], r[2], r[3] = int32(p[0]), int32(p[1]), int32(p[2]), int32(p[3])
			r[4], r[5], r[6], r[7] = int32(p[4]), int32(p[5]), int32(p[6]), int32(p[7])
		}
	case 2:
		for i := 0; i < 64; i, at = i+8, at+s.stride {
			p, r := (*[15]byte)(s.pix[at:]), (*[8]int32)(b[i:])
			r[0], r[1], r[2], r[3] = int32(p[0]), int32(p[2]), int32(p[4]), int32(p[6])
			r[4], r[5], r[6], r[7] = int32(p[8]), int32(p[10]), int32(p[12]), int32(p[14])
		}
	case 4:
		for i := 0; i < 64; i, at = i+8, at+s.stride {
			p, r := (*[29]byte)(s.pix[at:]), (*[8]int32)(b[i:])
			r[0], r[1], r[2], r[3] = int32(p[0]), int32(p[4]), int32(p[8]), int32(p[12])
			r[4], r[5], r[6], r[7] = int32(p[16]), int32(p[20]), int32(p[24]), int32(p[28])
		}
	}
}

func (s *samples) loadBorder(b *block, x, y int) {
	for i := range b {
		row := min(y+i/8, s.height-1) * s.stride
		b[i] = int32(s.pix[row+min(x+i%8, s.width-1)*s.step])
	}
}
