package jpeg

import "fmt"

const defaultQuality = 80

// An Encoder compresses raw pictures to baseline JPEGs (process 1; JFIF)
// with the standard Huffman tables. It uses integers only, and once it has seen
// a picture it allocates nothing. The zero value works. An Encoder serves one
// goroutine at a time.
type Encoder struct {
	// Quality goes from 1 to 100, on the scale of libjpeg and image/jpeg. 0
	// means 80.
	Quality int

	made       setting // what steps and quantizers were made for
	steps      [2][64]uint8
	quantizers [2]quantizer
	level      [2]int32

	converted conversion // a picture of AppendImage
}

// setting is what the quantizers depend on.
type setting struct {
	quality int
	limited bool
}

// Append appends the whole JPEG of a picture to dst, in the sampling of its
// format. It returns dst as it was, and an error, if the quality, a size or a
// stride makes no sense, or a plane is too short.
func (e *Encoder) Append(dst []byte, raw Raw) ([]byte, error) {
	lay, err := raw.layout()
	if err != nil {
		return dst, err
	}
	sources, err := raw.components(lay)
	if err != nil {
		return dst, err
	}
	if err := e.prepare(raw.Limited); err != nil {
		return dst, err
	}
	dst = e.appendHead(dst, &raw, lay)
	dst = e.appendScan(dst, sources[:len(lay.components)], lay)
	return append(dst, 0xff, markerEOI), nil
}

// prepare makes the quantizers if they are not the right ones already.
func (e *Encoder) prepare(limited bool) error {
	want := setting{e.Quality, limited}
	if want.quality == 0 {
		want.quality = defaultQuality
	}
	if want.quality < 1 || want.quality > 100 {
		return fmt.Errorf("jpeg: quality %d is not 1 to 100", want.quality)
	}
	if want == e.made {
		return nil
	}
	e.made = want
	stretch, black, least := [2]float64{1, 1}, 0.0, 1
	if limited {
		// What is whiter than white is stretched out of a byte's range, and its
		// coefficients, divided by 1, out of a baseline JPEG's.
		stretch, black, least = [2]float64{255. / 219, 255. / 224}, 16, 2
	}
	for i := range e.steps {
		e.steps[i] = scaled(&standardSteps[i], want.quality, least)
		e.quantizers[i] = reciprocals(&e.steps[i], stretch[i])
	}
	e.level = [2]int32{rowLevel(black + 128/stretch[0]), rowLevel(128)}
	return nil
}

// appendHead appends everything in front of the entropy-coded data.
func (e *Encoder) appendHead(dst []byte, raw *Raw, lay *layout) []byte {
	n := len(lay.components)
	dst = append(dst, 0xff, markerSOI)
	dst = append(dst, "\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"...) // square pixels
	for i := range min(n, len(e.steps)) {
		dst = append(dst, 0xff, markerDQT, 0, 2+1+64, byte(i))
		for _, natural := range zigzag {
			dst = append(dst, e.steps[i][natural])
		}
	}
	dst = append(dst, 0xff, markerSOF0, 0, byte(8+3*n), 8, // bits a sample
		byte(raw.Height>>8), byte(raw.Height), byte(raw.Width>>8), byte(raw.Width), byte(n))
	for i := range n {
		h, v := lay.blocks(i)
		dst = append(dst, byte(i+1), byte(h<<4|v), byte(min(i, 1)))
	}
	dst = append(dst, standardTables...)
	dst = append(dst, 0xff, markerSOS, 0, byte(6+2*n), byte(n))
	for i := range n {
		dst = append(dst, byte(i+1), byte(min(i, 1)*0x11))
	}
	return append(dst, 0, 63, 0)
}

// appendScan appends the blocks, in units of as many from each component as the
// others need to cover the same ground (A.2.3).
func (e *Encoder) appendScan(dst []byte, sources []samples, lay *layout) []byte {
	w := entropy{out: dst, codes: standardCodes()}
	var last [3]int32
	for y := range ceilDiv(sources[0].height, 8*lay.v) {
		for x := range ceilDiv(sources[0].width, 8*lay.h) {
			for i := range sources {
				h, v := lay.blocks(i)
				for n := range h * v {
					var b block
					sources[i].load(&b, (x*h+n%h)*8, (y*v+n/h)*8)
					b.transformRows(e.level[min(i, 1)])
					nonzero := b.transformColumns(&e.quantizers[min(i, 1)])
					w.block(&b, nonzero, b[0]-last[i], min(i, 1))
					last[i] = b[0]
				}
			}
		}
	}
	return w.end()
}
