package jpeg

import "math"

// zigzag is the natural index of each coefficient in the order in which they
// are written (figure A.6).
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// zigzagBit has, for each natural index, the bit of its place in that order.
var zigzagBit = [64]uint64{
	1 << 0, 1 << 1, 1 << 5, 1 << 6, 1 << 14, 1 << 15, 1 << 27, 1 << 28,
	1 << 2, 1 << 4, 1 << 7, 1 << 13, 1 << 16, 1 << 26, 1 << 29, 1 << 42,
	1 << 3, 1 << 8, 1 << 12, 1 << 17, 1 << 25, 1 << 30, 1 << 41, 1 << 43,
	1 << 9, 1 << 11, 1 << 18, 1 << 24, 1 << 31, 1 << 40, 1 << 44, 1 << 53,
	1 << 10, 1 << 19, 1 << 23, 1 << 32, 1 << 39, 1 << 45, 1 << 52, 1 << 54,
	1 << 20, 1 << 22, 1 << 33, 1 << 38, 1 << 46, 1 << 51, 1 << 55, 1 << 60,
	1 << 21, 1 << 34, 1 << 37, 1 << 47, 1 << 50, 1 << 56, 1 << 59, 1 << 61,
	1 << 35, 1 << 36, 1 << 48, 1 << 49, 1 << 57, 1 << 58, 1 << 62, 1 << 63,
}

// standardSteps are the quantization tables of K.1, luminance and chrominance, in
// natural order.
var standardSteps = [2][64]uint8{{
	16, 11, 10, 16, 24, 40, 51, 61,
	12, 12, 14, 19, 26, 58, 60, 55,
	14, 13, 16, 24, 40, 57, 69, 56,
	14, 17, 22, 29, 51, 87, 80, 62,
	18, 22, 37, 56, 68, 109, 103, 77,
	24, 35, 55, 64, 81, 104, 113, 92,
	49, 64, 78, 87, 103, 121, 120, 101,
	72, 92, 95, 98, 112, 100, 103, 99,
}, {
	17, 18, 24, 47, 99, 99, 99, 99,
	18, 21, 26, 66, 99, 99, 99, 99,
	24, 26, 56, 99, 99, 99, 99, 99,
	47, 66, 99, 99, 99, 99, 99, 99,
	99, 99, 99, 99, 99, 99, 99, 99,
	99, 99, 99, 99, 99, 99, 99, 99,
	99, 99, 99, 99, 99, 99, 99, 99,
	99, 99, 99, 99, 99, 99, 99, 99,
}}

// quantizer divides the coefficients of transformColumns: 2^32 over the step
// and what the transform left on the coefficient, in natural order.
type quantizer [64]uint32

// scaled returns the steps at a quality of 1 to 100, by the rule that everyone
// took over from libjpeg. None is below the least.
func scaled(table *[64]uint8, quality, least int) (q [64]uint8) {
	percent := 200 - 2*quality
	if quality < 50 {
		percent = 5000 / quality
	}
	for i, step := range table {
		q[i] = uint8(min(max((int(step)*percent+50)/100, least), 255))
	}
	return q
}

// reciprocals returns the reciprocals of the steps for samples that are to be
// stretched by a factor.
func reciprocals(steps *[64]uint8, stretch float64) (q quantizer) {
	var gain [8]float64
	for k := range gain {
		gain[k] = 4 * math.Cos(float64(k)*math.Pi/16)
	}
	gain[0] = 2 * math.Sqrt2
	for i, step := range steps {
		scale := gain[i/8] * gain[i%8] * (1 << precision)
		q[i] = uint32(math.Round(stretch * (1 << 32) / (float64(step) * scale)))
	}
	return q
}

// rowLevel returns what a row of eight equal samples adds up to after
// transformRows.
func rowLevel(sample float64) int32 {
	return int32(math.Round(sample * 8 * (1 << precision)))
}

// target says where a coefficient goes, and what it is multiplied by on the way, in 12 bits of fraction.
type target struct {
	at   uint32
	gain int32
}

// dequantizer has a target for each coefficient, in zigzag order. The gains are the quantization steps and what the
// inverse transforms want beside them.
type dequantizer [64]target

const gainBits = 12

// What a value is kept in while it is transformed.
const (
	sampleBits  = 5              // fraction
	sampleShift = sampleBits + 3 // and the transform's factor of 8
	sampleLevel = 128<<sampleShift + 1<<(sampleShift-1)
)

// multiply returns the coefficient in sampleBits of fraction.
func (t *target) multiply(v int32) int32 {
	return (v*t.gain + 1<<(gainBits-sampleBits-1)) >> (gainBits - sampleBits)
}

// set prepares for pictures at 1/scale of their size.
//
// The mean of two neighbouring samples of an 8-point transform is a sample of a 4-point one whose coefficient k is
// cos(kπ/16) times the larger one's less cos((8-k)π/16) times that at 8-k; and so on. So blocks are as small as they are
// wanted before they are transformed, and the samples are true means.
func (q *dequantizer) set(steps *[64]uint16, scale int) {
	var row [8]struct {
		at   int
		gain float64
	}
	for k := range row {
		at, gain := k, 1.0
		if k == 0 {
			gain = math.Sqrt2 / 2
		}
		for n := 8; n > 8/scale; n /= 2 {
			gain *= math.Cos(float64(at) * math.Pi / float64(2*n))
			if at > n/2 {
				at, gain = n-at, -gain
			} else if at == n/2 {
				at, gain = 0, 0
			}
		}
		row[k].at, row[k].gain = at, gain*math.Cos(float64(at)*math.Pi/float64(2*8/scale))
	}
	for i, natural := range zigzag {
		u, v := row[natural%8], row[natural/8]
		q[i] = target{
			at:   uint32(v.at*(8/scale) + u.at),
			gain: int32(math.Round(float64(steps[i]) * u.gain * v.gain * 2 * (1 << gainBits))),
		}
	}
}
