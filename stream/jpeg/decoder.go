package jpeg

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// A Decoder turns JPEGs into samples. It reads baseline and extended sequential pictures of 8 bits a sample (processes 1
// and 2 of T.81), in integers only, and once it has seen a picture it allocates nothing for others like it. Progressive
// ones and CMYK it leaves to image/jpeg. The zero value works. A Decoder serves one goroutine at a time.
type Decoder struct {
	// MaxPixels is the size of the largest picture that is decoded, in pixels of the original whatever the scale. 0 means
	// 100 million. Of what is left to image/jpeg, which needs much more memory, it is a quarter.
	MaxPixels int

	reading   reading
	scale     int
	planes    [4]plane
	block     coefficients
	samples   []byte
	full      []byte // samples of a picture that was not of a Format
	converted conversion
	scaler    Scaler
}

// plane is the samples of a component, as many as whole MCUs have, and what they are made with.
type plane struct {
	pix         []byte
	stride      int
	dequantizer dequantizer
	steps       [64]uint16 // what it was made for
	scale       int
}

// Decode decodes a picture at 1/scale of its width and height, rounded up; the scale is 1, 2, 4 or 8. Samples of a smaller
// picture are means of those of the whole one, at less than half the cost. Its format is I420, I422, I444, I440, I411, I410
// or Grey, and other samplings and RGB become I444. The samples are valid until the next call.
//
// A picture that is cut or damaged is an error that wraps [ErrBroken], together with the part that there is, upon grey; the
// Raw has no width if there is none. One that is too large, or of a kind that cannot be read, wraps [ErrUnsupported].
func (d *Decoder) Decode(picture []byte, scale int) (Raw, error) {
	if scale != 1 && scale != 2 && scale != 4 && scale != 8 {
		return Raw{}, fmt.Errorf("jpeg: a scale cannot be 1/%d: choose 1, 2, 4 or 8", scale)
	}
	d.scale = scale
	err := d.reading.read(picture, d.MaxPixels, d)
	switch {
	case errors.Is(err, errProgressive), errors.Is(err, errFourComponents):
		return d.decodeOther(picture)
	case errors.Is(err, ErrUnsupported):
		return Raw{}, err
	}
	return d.raw(), err
}

// frame makes room for the samples.
func (d *Decoder) frame() error {
	size, total := 8/d.scale, int64(0)
	for i := range d.reading.components {
		c := &d.reading.components[i]
		total += int64(c.across) * int64(c.down) * int64(size*size)
	}
	if whole := 3 * int64(d.reading.width) * int64(d.reading.height); max(total, whole) > math.MaxInt { // see expand
		return fmt.Errorf("%w: %dx%d does not fit into memory", ErrUnsupported, d.reading.width, d.reading.height)
	}
	d.samples = slices.Grow(d.samples[:0], int(total))[:total]
	rest := d.samples
	for i := range d.reading.components {
		c, p := &d.reading.components[i], &d.planes[i]
		n := c.across * c.down * size * size
		p.stride = c.across * size
		p.pix, rest = rest[:n:n], rest[n:]
	}
	return nil
}

// scan makes the dequantizers of a scan's components.
func (d *Decoder) scan() {
	for _, c := range d.reading.scanned {
		p, steps := &d.planes[c.index], &d.reading.steps[c.steps]
		if p.scale != d.scale || p.steps != *steps {
			p.steps, p.scale = *steps, d.scale
			p.dequantizer.set(steps, d.scale)
		}
	}
}

func (d *Decoder) other(segment) {}

// unit decodes the blocks of an MCU.
func (d *Decoder) unit(x, y int) bool {
	size := 8 / d.scale
	for _, c := range d.reading.scanned {
		p := &d.planes[c.index]
		h, v := d.reading.blocks(c)
		for n := range v {
			at := (y*v+n)*size*p.stride + x*h*size
			for range h {
				if !d.decode(c, p, p.pix[at:]) {
					return false
				}
				at += size
			}
		}
	}
	return true
}

// decode decodes a block.
func (d *Decoder) decode(c *component, p *plane, dst []byte) bool {
	if d.scale == 8 {
		ok := d.reading.entropy.skip(c)
		dst[0] = clamped((p.dequantizer[0].multiply(c.prediction) + sampleLevel) >> sampleShift)
		return ok
	}
	last, ok := d.reading.entropy.block(c, &p.dequantizer, &d.block)
	switch {
	case !ok:
		d.block = coefficients{}
	case d.scale == 1:
		d.block.inverse(dst, p.stride, last)
	case d.scale == 2:
		d.block.half(dst, p.stride)
	default:
		d.block.quarter(dst, p.stride)
	}
	return ok
}

// missing makes MCUs grey.
func (d *Decoder) missing(from, to int) {
	size := 8 / d.scale
	for from < to {
		x, y := from%d.reading.across, from/d.reading.across
		n := min(to-from, d.reading.across-x)
		for _, c := range d.reading.scanned {
			p := &d.planes[c.index]
			h, v := d.reading.blocks(c)
			for row := y * v * size; row < (y+1)*v*size; row++ {
				at := row*p.stride + x*h*size
				grey(p.pix[at:][:n*h*size])
			}
		}
		from += n
	}
}

func grey(samples []byte) {
	for i := range samples {
		samples[i] = 128
	}
}

// raw returns the picture, or nothing if there is none.
func (d *Decoder) raw() Raw {
	r := &d.reading
	if !r.drawn() {
		return Raw{}
	}
	raw := Raw{Width: ceilDiv(r.width, d.scale), Height: ceilDiv(r.height, d.scale)}
	for i := range r.components {
		if !r.components[i].seen {
			grey(d.planes[i].pix)
		}
		raw.Planes[i], raw.Strides[i] = d.planes[i].pix, d.planes[i].stride
	}
	if format, ok := r.format(); ok && !r.rgb() {
		raw.Format = format
		return raw
	}
	return d.expand(raw)
}
