package jpeg

// The forward DCT of Arai, Agui and Nakajima (1988): five multiplications for
// eight samples, because the scale that is left on each coefficient is taken
// off by the quantizer. Between the passes values carry extra fraction bits.
const (
	fraction  = 12 // bits behind the point of the constants below
	precision = 4  // bits behind the point of what the passes return

	cos4     = 2896 // cos(4π/16)
	cos6     = 1567 // cos(6π/16)
	cos2sub6 = 2217 // cos(2π/16) − cos(6π/16)
	cos2add6 = 5352 // cos(2π/16) + cos(6π/16)
)

// transformRows replaces every row by its coefficients. The level is what a row
// of mid-grey samples adds up to, and is taken off.
//
// The largest sum here is 8×255, so that nothing exceeds 26 bits.
func (b *block) transformRows(level int32) {
	for i := 0; i < 64; i += 8 {
		r := (*[8]int32)(b[i:])
		s0, s1, s2, s3 := r[0]+r[7], r[1]+r[6], r[2]+r[5], r[3]+r[4]
		d0, d1, d2, d3 := r[0]-r[7], r[1]-r[6], r[2]-r[5], r[3]-r[4]

		e0, e1, e2, e3 := s0+s3, s1+s2, s1-s2, s0-s3
		r[0] = (e0+e1)<<precision - level
		r[4] = (e0 - e1) << precision
		m := (e2 + e3) * cos4 >> (fraction - precision)
		e3 <<= precision
		r[2] = e3 + m
		r[6] = e3 - m

		o0, o1, o2 := d3+d2, d2+d1, d1+d0
		turn := (o0 - o2) * cos6
		p := (o0*cos2sub6 + turn) >> (fraction - precision)
		q := (o2*cos2add6 + turn) >> (fraction - precision)
		m = o1 * cos4 >> (fraction - precision)
		d0 <<= precision
		u, v := d0+m, d0-m
		r[5] = v + p
		r[3] = v - p
		r[1] = u + q
		r[7] = u - q
	}
}

// transformColumns replaces every column by its coefficients, quantized, and
// returns which of them are not zero, as bits in zigzag order.
//
// What transformRows returns is below 2^15.4 (AC rows of full swing), a sum of
// four below 2^17.4, so that the products stay below 2^30.3.
func (b *block) transformColumns(q *quantizer) (nonzero uint64) {
	for i := range 8 {
		c, t := (*[57]int32)(b[i:]), (*[57]uint32)(q[i:])
		z := (*[57]uint64)(zigzagBit[i:])
		s0, s1, s2, s3 := c[0]+c[56], c[8]+c[48], c[16]+c[40], c[24]+c[32]
		d0, d1, d2, d3 := c[0]-c[56], c[8]-c[48], c[16]-c[40], c[24]-c[32]

		e0, e1, e2, e3 := s0+s3, s1+s2, s1-s2, s0-s3
		c[0] = divide(e0+e1, t[0])
		c[32] = divide(e0-e1, t[32])
		m := (e2 + e3) * cos4 >> fraction
		c[16] = divide(e3+m, t[16])
		c[48] = divide(e3-m, t[48])
		nonzero |= when(c[0], z[0]) | when(c[32], z[32]) | when(c[16], z[16]) | when(c[48], z[48])

		o0, o1, o2 := d3+d2, d2+d1, d1+d0
		turn := (o0 - o2) * cos6
		p := (o0*cos2sub6 + turn) >> fraction
		r := (o2*cos2add6 + turn) >> fraction
		m = o1 * cos4 >> fraction
		u, v := d0+m, d0-m
		c[40] = divide(v+p, t[40])
		c[24] = divide(v-p, t[24])
		c[8] = divide(u+r, t[8])
		c[56] = divide(u-r, t[56])
		nonzero |= when(c[40], z[40]) | when(c[24], z[24]) | when(c[8], z[8]) | when(c[56], z[56])
	}
	return nonzero
}

// divide returns v times a reciprocal, rounded to the nearest integer.
func divide(v int32, reciprocal uint32) int32 {
	return int32((int64(v)*int64(reciprocal) + 1<<31) >> 32)
}

// when returns the bit if v is not zero, else 0.
func when(v int32, bit uint64) uint64 {
	return uint64((int64(v)|-int64(v))>>63) & bit
}
