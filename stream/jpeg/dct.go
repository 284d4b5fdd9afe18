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

// The inverse of the transform of Arai, Agui and Nakajima in dct.go: five multiplications for eight samples, because the
// scale of each coefficient is in its dequantizer. Between the passes values have sampleBits of fraction.
//
// A JPEG of samples of 8 bits has sums below 2^11, 2^16 with the fraction, and constants below 3<<fraction.
const (
	sqrt2     = 5793  // √2, in bits of fraction as in dct.go
	twoCos2   = 7568  // 2 cos(2π/16)
	twoCos26  = 4433  // 2 (cos(2π/16) − cos(6π/16))
	minus2c26 = 10703 // 2 (cos(2π/16) + cos(6π/16))
)

// inverse writes the samples of a block, and sets b to zero. The last is the zigzag index of its last coefficient.
func (b *coefficients) inverse(dst []byte, stride int, last uint) {
	switch {
	case last == 0:
		b.flat(dst, stride)
		return
	case last < 10: // in the upper left quarter
		b.upperColumns()
		b.leftRows(dst, stride)
	default:
		b.columns()
		b.rows(dst, stride)
	}
	*b = coefficients{}
}

// flat writes a block that has a DC coefficient only.
func (b *coefficients) flat(dst []byte, stride int) {
	v := clamped((b[0] + sampleLevel) >> sampleShift)
	b[0] = 0
	for i := range 8 {
		p := (*[8]byte)(dst[i*stride:])
		p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7] = v, v, v, v, v, v, v, v
	}
}

func clamped(v int32) byte { return byte(max(0, min(255, v))) }

// columns transforms the columns.
func (b *coefficients) columns() {
	for i := range 8 {
		c := (*[57]int32)(b[i:])
		if c[8]|c[16]|c[24]|c[32]|c[40]|c[48]|c[56] == 0 {
			v := c[0]
			c[8], c[16], c[24], c[32], c[40], c[48], c[56] = v, v, v, v, v, v, v
			continue
		}
		s, d := c[0]+c[32], c[0]-c[32]
		p, m := c[16]+c[48], c[16]-c[48]
		m = m*sqrt2>>fraction - p
		e0, e3, e1, e2 := s+p, s-p, d+m, d-m

		z13, z10, z11, z12 := c[40]+c[24], c[40]-c[24], c[8]+c[56], c[8]-c[56]
		o7 := z11 + z13
		z5 := (z10 + z12) * twoCos2 >> fraction
		o6 := z5 - z10*minus2c26>>fraction - o7
		o5 := (z11-z13)*sqrt2>>fraction - o6
		o4 := z12*twoCos26>>fraction - z5 + o5

		c[0], c[56] = e0+o7, e0-o7
		c[8], c[48] = e1+o6, e1-o6
		c[16], c[40] = e2+o5, e2-o5
		c[32], c[24] = e3+o4, e3-o4
	}
}

// rows transforms the rows to samples.
func (b *coefficients) rows(dst []byte, stride int) {
	for i := 0; i < 64; i += 8 {
		c, out := (*[8]int32)(b[i:]), (*[8]byte)(dst)
		s, d := c[0]+sampleLevel+c[4], c[0]+sampleLevel-c[4]
		p, m := c[2]+c[6], c[2]-c[6]
		m = m*sqrt2>>fraction - p
		e0, e3, e1, e2 := s+p, s-p, d+m, d-m

		z13, z10, z11, z12 := c[5]+c[3], c[5]-c[3], c[1]+c[7], c[1]-c[7]
		o7 := z11 + z13
		z5 := (z10 + z12) * twoCos2 >> fraction
		o6 := z5 - z10*minus2c26>>fraction - o7
		o5 := (z11-z13)*sqrt2>>fraction - o6
		o4 := z12*twoCos26>>fraction - z5 + o5

		v0, v7, v1, v6 := (e0+o7)>>sampleShift, (e0-o7)>>sampleShift, (e1+o6)>>sampleShift, (e1-o6)>>sampleShift
		v2, v5, v4, v3 := (e2+o5)>>sampleShift, (e2-o5)>>sampleShift, (e3+o4)>>sampleShift, (e3-o4)>>sampleShift
		out[0], out[1], out[2], out[3] = byte(v0), byte(v1), byte(v2), byte(v3)
		out[4], out[5], out[6], out[7] = byte(v4), byte(v5), byte(v6), byte(v7)
		if uint32(v0|v1|v2|v3|v4|v5|v6|v7) > 255 {
			clamp(out, v0, v1, v2, v3, v4, v5, v6, v7)
		}
		if i < 56 {
			dst = dst[stride:]
		}
	}
}

// clamp writes samples some of which are black or white, and more than that.
func clamp(out *[8]byte, v0, v1, v2, v3, v4, v5, v6, v7 int32) {
	out[0], out[1], out[2], out[3] = clamped(v0), clamped(v1), clamped(v2), clamped(v3)
	out[4], out[5], out[6], out[7] = clamped(v4), clamped(v5), clamped(v6), clamped(v7)
}

// upperColumns transforms the columns of the left half, whose lower half is zero.
func (b *coefficients) upperColumns() {
	for i := range 4 {
		c := (*[57]int32)(b[i:])
		c0, c1, c2, c3 := c[0], c[8], c[16], c[24]
		m := c2*sqrt2>>fraction - c2
		e0, e3, e1, e2 := c0+c2, c0-c2, c0+m, c0-m

		o7 := c1 + c3
		z5 := (c1 - c3) * twoCos2 >> fraction
		o6 := z5 + c3*minus2c26>>fraction - o7
		o5 := (c1-c3)*sqrt2>>fraction - o6
		o4 := c1*twoCos26>>fraction - z5 + o5

		c[0], c[56] = e0+o7, e0-o7
		c[8], c[48] = e1+o6, e1-o6
		c[16], c[40] = e2+o5, e2-o5
		c[32], c[24] = e3+o4, e3-o4
	}
}

// leftRows transforms rows whose right half is zero to samples.
func (b *coefficients) leftRows(dst []byte, stride int) {
	for i := 0; i < 64; i += 8 {
		c, out := (*[4]int32)(b[i:]), (*[8]byte)(dst)
		c0, c1, c2, c3 := c[0]+sampleLevel, c[1], c[2], c[3]
		m := c2*sqrt2>>fraction - c2
		e0, e3, e1, e2 := c0+c2, c0-c2, c0+m, c0-m

		o7 := c1 + c3
		z5 := (c1 - c3) * twoCos2 >> fraction
		o6 := z5 + c3*minus2c26>>fraction - o7
		o5 := (c1-c3)*sqrt2>>fraction - o6
		o4 := c1*twoCos26>>fraction - z5 + o5

		v0, v7, v1, v6 := (e0+o7)>>sampleShift, (e0-o7)>>sampleShift, (e1+o6)>>sampleShift, (e1-o6)>>sampleShift
		v2, v5, v4, v3 := (e2+o5)>>sampleShift, (e2-o5)>>sampleShift, (e3+o4)>>sampleShift, (e3-o4)>>sampleShift
		out[0], out[1], out[2], out[3] = byte(v0), byte(v1), byte(v2), byte(v3)
		out[4], out[5], out[6], out[7] = byte(v4), byte(v5), byte(v6), byte(v7)
		if uint32(v0|v1|v2|v3|v4|v5|v6|v7) > 255 {
			clamp(out, v0, v1, v2, v3, v4, v5, v6, v7)
		}
		if i < 56 {
			dst = dst[stride:]
		}
	}
}

// half writes 4x4 samples of a block whose coefficients were folded to as many, and sets them to zero.
func (b *coefficients) half(dst []byte, stride int) {
	for i := range 4 {
		c := (*[13]int32)(b[i:])
		s, d, p := c[0]+c[8], c[0]-c[8], c[4]+c[12]
		m := (c[4]-c[12])*sqrt2>>fraction - p
		c[0], c[12], c[4], c[8] = s+p, s-p, d+m, d-m
	}
	for i := range 4 {
		c, p := (*[4]int32)(b[4*i:]), (*[4]byte)(dst[i*stride:])
		s, d, o := c[0]+sampleLevel+c[2], c[0]+sampleLevel-c[2], c[1]+c[3]
		m := (c[1]-c[3])*sqrt2>>fraction - o
		v0, v1, v2, v3 := (s+o)>>sampleShift, (d+m)>>sampleShift, (d-m)>>sampleShift, (s-o)>>sampleShift
		if uint32(v0|v1|v2|v3) > 255 {
			p[0], p[1], p[2], p[3] = clamped(v0), clamped(v1), clamped(v2), clamped(v3)
		} else {
			p[0], p[1], p[2], p[3] = byte(v0), byte(v1), byte(v2), byte(v3)
		}
	}
	*(*[16]int32)(b[:]) = [16]int32{}
}

// quarter writes 2x2 samples of a block whose coefficients were folded to as many, and sets them to zero.
func (b *coefficients) quarter(dst []byte, stride int) {
	c := (*[4]int32)(b[:])
	s, d := c[0]+sampleLevel+c[2], c[0]+sampleLevel-c[2]
	p, m := c[1]+c[3], c[1]-c[3]
	above, below := (*[2]byte)(dst), (*[2]byte)(dst[stride:])
	above[0], above[1] = clamped((s+p)>>sampleShift), clamped((s-p)>>sampleShift)
	below[0], below[1] = clamped((d+m)>>sampleShift), clamped((d-m)>>sampleShift)
	*c = [4]int32{}
}
