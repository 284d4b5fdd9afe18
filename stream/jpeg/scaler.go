package jpeg

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// A Scaler brings pictures to a size. Each sample of a smaller picture is the mean of the ground that it covers; those of a
// larger one lie between the nearest two in each direction. Once it has seen a picture it allocates nothing for others like
// it. The zero value works. A Scaler serves one goroutine at a time.
//
// Pictures less than half as large are better decoded at a smaller scale first (see [Info.Scale]).
type Scaler struct {
	samples      []byte
	turned       []byte
	row          []byte
	across, down [2]filter // of luma and of chroma
}

// Scale returns the picture in another size, in planes of the same sampling (I420 of NV12, I422 of YUYV), which are valid
// until the next call. A picture that has the size already is returned as it is. Errors are those of [Encoder.Append].
func (s *Scaler) Scale(raw Raw, width, height int) (Raw, error) {
	lay, err := raw.layout()
	if err != nil {
		return Raw{}, err
	}
	sources, err := raw.components(lay)
	if err != nil || raw.Width == width && raw.Height == height {
		return raw, err
	}
	scaled := Raw{Format: lay.planar, Width: width, Height: height, Limited: raw.Limited}
	if _, err := scaled.layout(); err != nil {
		return Raw{}, err
	}
	if s.samples, err = scaled.make(s.samples); err != nil {
		return Raw{}, err
	}
	for i := range lay.components {
		from, kind := &sources[i], min(i, 1)
		w, h := lay.size(i, width, height)
		s.across[kind].set(filterSize{raw.Width, width, from.width, w, from.step})
		s.down[kind].set(filterSize{raw.Height, height, from.height, h, from.stride})
		s.component(from, &s.across[kind], &s.down[kind], scaled.Planes[i], w)
	}
	return scaled, nil
}

// make gives a planar picture planes in memory that is used again, and returns that.
func (r *Raw) make(memory []byte) ([]byte, error) {
	lay, err := r.layout()
	if err != nil {
		return memory, err
	}
	size := int64(0)
	for i := range lay.components {
		w, h := lay.size(i, r.Width, r.Height)
		size += int64(w) * int64(h)
	}
	if size > math.MaxInt {
		return memory, fmt.Errorf("jpeg: a picture of %dx%d does not fit into memory", r.Width, r.Height)
	}
	memory = slices.Grow(memory[:0], int(size))[:size]
	rest := memory
	for i := range lay.components {
		w, h := lay.size(i, r.Width, r.Height)
		r.Planes[i], r.Strides[i], rest = rest[:w*h:w*h], w, rest[w*h:]
	}
	return memory, nil
}

// Turn returns the picture as an orientation shows it, with every row and column, in planes that are valid until the next
// call of Turn. Their sampling is that of the picture, turned: I440 of I422 at a quarter turn, and the other way around, but
// I444 of I411 and I410. Errors are those of [Encoder.Append].
func (s *Scaler) Turn(raw Raw, o Orientation) (Raw, error) {
	lay, err := raw.layout()
	if err != nil {
		return Raw{}, err
	}
	sources, err := raw.components(lay)
	if err != nil {
		return Raw{}, err
	}
	swap, mirror, flip := o.steps()
	turned := Raw{Format: lay.planar, Width: raw.Width, Height: raw.Height, Limited: raw.Limited}
	if swap {
		turned.Format, turned.Width, turned.Height = lay.turned, raw.Height, raw.Width
	}
	if s.turned, err = turned.make(s.turned); err != nil {
		return Raw{}, err
	}
	for i := range lay.components {
		from := &sources[i]
		repeat := [2]int{1, 1}
		if i > 0 && swap {
			to := &layouts[turned.Format]
			repeat = [2]int{lay.h / to.v, lay.v / to.h}
		}
		// How many bytes a step to the right and one down lead, and where they begin.
		start, right, down := 0, from.step, from.stride
		if mirror {
			start, right = start+(from.width-1)*right, -right
		}
		if flip {
			start, down = start+(from.height-1)*down, -down
		}
		if swap {
			right, down, repeat = down, right, [2]int{repeat[1], repeat[0]}
		}
		turn(turned.Planes[i], turned.Strides[i], from.pix, start, right, down, repeat)
	}
	return turned, nil
}

// turn copies a component, each sample as often as repeat says across and down. Eight columns at a time, so that those of a
// quarter turn, which were rows, stay in the cache.
func turn(to []byte, width int, from []byte, start, right, down int, repeat [2]int) {
	const strip = 8 // a multiple of repeat
	for left := 0; left < width; left += strip {
		for y := range len(to) / width {
			at, used := start+y/repeat[1]*down+left/repeat[0]*right, 0
			row := to[y*width+left:][:min(strip, width-left)]
			for x := range row {
				row[x] = from[at]
				if used++; used == repeat[0] {
					at, used = at+right, 0
				}
			}
		}
	}
}

// component scales a component: rows first, which is cheap, so that there are fewer of them.
func (s *Scaler) component(from *samples, across, down *filter, to []byte, width int) {
	n := (from.width-1)*from.step + 1
	s.row = slices.Grow(s.row[:0], n)[:n]
	for y, at := range down.first {
		row := from.pix[at:]
		if down.taps > 1 {
			blend(s.row, row, from.stride, down.weights[y*down.taps:][:down.taps])
			row = s.row
		}
		across.apply(to[y*width:][:width], row, from.step)
	}
}

// blend writes the weighted sum of rows.
func blend(to, rows []byte, stride int, weights []uint32) {
	if len(to) < 8 {
		for x := range to {
			sum := uint32(1 << (weightBits - 1))
			for i, weight := range weights {
				sum += weight * uint32(rows[i*stride+x])
			}
			to[x] = byte(sum >> weightBits)
		}
		return
	}
	const low, half = 0x00ff00ff00ff00ff, 1 << (weightBits - 1) * 0x0001000100010001
	for x := 0; x < len(to); x += 8 {
		x = min(x, len(to)-8)
		// Four sums each, in 16 bits: the weights are 256 together.
		even, odd := uint64(half), uint64(half)
		for i, at := 0, x; i < len(weights); i, at = i+1, at+stride {
			v := binary.LittleEndian.Uint64(rows[at:])
			even += v & low * uint64(weights[i])
			odd += v >> 8 & low * uint64(weights[i])
		}
		binary.LittleEndian.PutUint64(to[x:], even>>weightBits&low|odd&^low)
	}
}

const weightBits = 8

// filter says which samples make each of the new ones, and with which weights, of 1<<weightBits together.
type filter struct {
	made    filterSize
	taps    int
	first   []int    // for each new sample, where the first of its samples is
	weights []uint32 // for each new sample, of as many samples
}

// filterSize is what a filter depends on: the size of the picture and the one it is to have, how many samples there are and
// are to be, and how far they are apart.
type filterSize struct{ from, to, samples, wanted, step int }

func (f *filter) set(size filterSize) {
	if f.made == size {
		return
	}
	f.made = size
	unit := int64(size.to)
	f.taps = 1
	for i := range size.wanted {
		begin, end := size.covered(i)
		f.taps = max(f.taps, int((end+unit-1)/unit-floorDiv(begin, unit)))
	}
	f.taps = min(f.taps, size.samples)
	f.first, f.weights = f.first[:0], f.weights[:0]
	for i := range size.wanted {
		begin, end := size.covered(i)
		first := max(0, min(int(floorDiv(begin, unit)), size.samples-f.taps))
		f.first = append(f.first, first*size.step)
		sum := int64(0)
		for tap := range f.taps {
			edge := end // the last sample has what is left
			if tap < f.taps-1 {
				edge = max(begin, min(int64(first+tap+1)*unit, end))
			}
			part := ((edge-begin)<<weightBits + (end-begin)/2) / (end - begin)
			f.weights = append(f.weights, uint32(part-sum))
			sum = part
		}
	}
}

// covered returns what a new sample covers, in units in which one of the picture measures `to`: its ground, and not less
// than a whole sample's.
func (s filterSize) covered(i int) (begin, end int64) {
	from, to := int64(s.from), int64(s.to)
	if to > from {
		begin = int64(i)*from + from/2 - to/2
		return begin, begin + to
	}
	return int64(i) * from, int64(i+1) * from
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}

// apply makes a row's samples.
func (f *filter) apply(to, from []byte, step int) {
	const half = 1 << (weightBits - 1)
	first, weights := f.first[:len(to)], f.weights
	switch {
	case f.taps == 1:
		for x, at := range first {
			to[x] = from[at]
		}
	case f.taps == 2 && step == 1:
		weights = weights[:2*len(to)]
		for x, at := range first {
			p, w := (*[2]byte)(from[at:]), (*[2]uint32)(weights[2*x:])
			to[x] = byte((uint32(p[0])*w[0] + uint32(p[1])*w[1] + half) >> weightBits)
		}
	case f.taps == 3 && step == 1:
		weights = weights[:3*len(to)]
		for x, at := range first {
			p, w := (*[3]byte)(from[at:]), (*[3]uint32)(weights[3*x:])
			to[x] = byte((uint32(p[0])*w[0] + uint32(p[1])*w[1] + uint32(p[2])*w[2] + half) >> weightBits)
		}
	default:
		for x, at := range first {
			sum := uint32(half)
			for i, weight := range weights[x*f.taps:][:f.taps] {
				sum += weight * uint32(from[at+i*step])
			}
			to[x] = byte(sum >> weightBits)
		}
	}
}
