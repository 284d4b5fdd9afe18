package jpeg

import (
	"fmt"
	"image"
	"image/draw"
	"math"
	"slices"
)

// AppendImage appends the whole JPEG of a picture to dst. Pictures of
// YCbCr and of grey are compressed as they are, all others as 4:2:0, upon black
// where they are transparent. Errors are those of Append.
func (e *Encoder) AppendImage(dst []byte, img image.Image) ([]byte, error) {
	raw, ok := borrow(img)
	if !ok {
		var err error
		if raw, err = e.converted.convert(img); err != nil {
			return dst, err
		}
	}
	return e.Append(dst, raw)
}

// borrow returns the picture as it lies in memory, if there is a format for it.
func borrow(img image.Image) (raw Raw, ok bool) {
	at := img.Bounds().Min
	raw.Width, raw.Height = img.Bounds().Dx(), img.Bounds().Dy()
	switch img := img.(type) {
	case *image.Gray:
		raw.Format = Grey
		raw.Planes[0], raw.Strides[0] = img.Pix[img.PixOffset(at.X, at.Y):], img.Stride
		return raw, true
	case *image.YCbCr:
		f := slices.IndexFunc(layouts[:], func(l layout) bool { return l.ratio == img.SubsampleRatio })
		// A part of a picture may begin in the middle of a chroma sample.
		if f < 0 || at.X%layouts[f].h != 0 || at.Y%layouts[f].v != 0 {
			return raw, false
		}
		raw.Format = Format(f)
		luma, chroma := img.YOffset(at.X, at.Y), img.COffset(at.X, at.Y)
		raw.Planes = [3][]byte{img.Y[luma:], img.Cb[chroma:], img.Cr[chroma:]}
		raw.Strides = [3]int{img.YStride, img.CStride, img.CStride}
		return raw, true
	}
	return raw, false
}

// conversion is a picture that was of no format.
type conversion struct {
	planes []byte
	pair   *image.RGBA // two rows
}

// convert returns the picture in 4:2:0.
func (c *conversion) convert(img image.Image) (Raw, error) {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	raw := Raw{Format: I420, Width: w, Height: h}
	lay, err := raw.layout()
	if err != nil {
		return raw, err
	}
	cw, ch := lay.size(1, w, h)
	size := int64(w)*int64(h) + 2*int64(cw)*int64(ch)
	if size > math.MaxInt {
		return raw, fmt.Errorf("jpeg: a picture of %dx%d does not fit into memory", w, h)
	}
	c.planes = slices.Grow(c.planes[:0], int(size))[:size]
	raw = I420.Raw(w, h, 0, c.planes)
	for y := 0; y < h; y += 2 {
		below := min(y+1, h-1)
		rgba, stride := c.rows(img, y)
		convertRows(
			[2][]byte{raw.Planes[0][y*w:][:w], raw.Planes[0][below*w:][:w]},
			raw.Planes[1][y/2*cw:][:cw], raw.Planes[2][y/2*cw:][:cw],
			[2][]byte{rgba[:4*w], rgba[(below-y)*stride:][:4*w]})
	}
	return raw, nil
}

// rows returns rows y and, if there is one, y+1 of a picture as red, green,
// blue and alpha, and how far apart they are.
func (c *conversion) rows(img image.Image, y int) (rgba []byte, stride int) {
	at := img.Bounds().Min.Add(image.Pt(0, y))
	if img, ok := img.(*image.RGBA); ok {
		return img.Pix[img.PixOffset(at.X, at.Y):], img.Stride
	}
	if w := img.Bounds().Dx(); c.pair == nil || c.pair.Rect.Dx() != w {
		c.pair = image.NewRGBA(image.Rect(0, 0, w, 2))
	}
	draw.Draw(c.pair, c.pair.Rect, img, at, draw.Src)
	return c.pair.Pix, c.pair.Stride
}

// convertRows converts two rows of pixels to two rows of luma and one of chroma
// (JFIF 1.02, ITU-R BT.601), in 16 bits of fraction.
func convertRows(luma [2][]byte, cb, cr []byte, rgba [2][]byte) {
	top, below := rgba[0], rgba[1]
	for x := range cb {
		left, right := 2*x, min(2*x+1, len(luma[0])-1)
		r0, g0, b0 := pixel(top, left)
		r1, g1, b1 := pixel(top, right)
		r2, g2, b2 := pixel(below, left)
		r3, g3, b3 := pixel(below, right)
		luma[0][left], luma[0][right] = lightness(r0, g0, b0), lightness(r1, g1, b1)
		luma[1][left], luma[1][right] = lightness(r2, g2, b2), lightness(r3, g3, b3)

		cb[x], cr[x] = chroma(r0+r1+r2+r3, g0+g1+g2+g3, b0+b1+b2+b3)
	}
}

// chroma returns that of four pixels. The middle is 128, and a half to round, less the least bit: pure blue is 255.5 and
// must not become 256.
func chroma(r, g, b int32) (cb, cr byte) {
	const middle = 128<<18 + 1<<17 - 1
	return byte((-11058*r - 21710*g + 32768*b + middle) >> 18), byte((32768*r - 27439*g - 5329*b + middle) >> 18)
}

func pixel(row []byte, x int) (r, g, b int32) {
	p := (*[3]byte)(row[4*x:])
	return int32(p[0]), int32(p[1]), int32(p[2])
}

func lightness(r, g, b int32) byte {
	return byte((19595*r + 38470*g + 7471*b + 1<<15) >> 16)
}
