package jpeg_test

import (
	"bytes"
	"image"
	stdjpeg "image/jpeg"
	"math"
	"testing"

	"mjpegazer/stream/jpeg"
)

// drawing is a picture whose planes a test can look at, without gaps, and how it
// lies in the formats with the same samples.
type drawing struct {
	format        jpeg.Format
	width, height int
	planes        [3][]byte
}

// sizes returns width and height of each plane.
func (d *drawing) size(plane int) (w, h int) {
	h1, v1 := step(d.format, plane)
	return up(d.width, h1), up(d.height, v1)
}

// scene draws something like a room: soft shades, hard edges, fine texture and
// the noise of a sensor. The format is any; its planar kin is what comes back.
func scene(width, height int, format jpeg.Format) *drawing {
	d := &drawing{format: planar(format), width: width, height: height}
	noise := uint32(1)
	for i := range d.planes[:depth(format)] {
		w, h := d.size(i)
		for n := range w * h {
			x, y := float64(n%w)/float64(w), float64(n/w)/float64(h)
			v := 128 + 50*math.Sin(float64(4+i)*x+2*y)
			if i == 0 {
				v += 25*math.Sin(40*x*y) + 45*float64((n%w/37+n/w/53)%4/3)
				if y > 0.6 {
					v += 12 * math.Sin(float64(n%w)*0.9+float64(n/w)*0.3)
				}
			}
			noise = noise*1664525 + 1013904223
			d.planes[i] = append(d.planes[i], uint8(max(0, min(255, v+float64(noise>>24)/32-4))))
		}
	}
	return d
}

var planarFormats = []jpeg.Format{jpeg.I420, jpeg.I422, jpeg.Grey, jpeg.I444, jpeg.I440, jpeg.I411, jpeg.I410}

func planar(f jpeg.Format) jpeg.Format {
	switch f {
	case jpeg.YUYV, jpeg.UYVY:
		return jpeg.I422
	case jpeg.NV12, jpeg.NV21:
		return jpeg.I420
	}
	return f
}

func depth(f jpeg.Format) int {
	if f == jpeg.Grey {
		return 1
	}
	return 3
}

func (d *drawing) raw() jpeg.Raw {
	return jpeg.Raw{Format: d.format, Width: d.width, Height: d.height, Planes: d.planes}
}

// in returns the picture in a format with the same samples, in one buffer whose
// rows have so many more bytes than they need, an even number.
func (d *drawing) in(f jpeg.Format, padding int) jpeg.Raw {
	w, h := d.size(1)
	packed := f == jpeg.YUYV || f == jpeg.UYVY
	stride := d.width + padding
	if packed {
		stride = 4*w + padding
	}
	gap, _ := step(planar(f), 1)
	chroma := up(stride, gap)
	pix := make([]byte, stride*d.height, (stride+2*chroma)*(d.height+1))
	if !packed {
		pix = pix[:cap(pix)]
	}
	put := func(plane, at, step, stride int) {
		w, h := d.size(plane)
		for y := range h {
			for x := range w {
				pix[at+y*stride+x*step] = d.planes[plane][y*w+x]
			}
		}
	}
	end := stride * d.height
	switch f {
	case jpeg.YUYV:
		put(0, 0, 2, stride)
		put(1, 1, 4, stride)
		put(2, 3, 4, stride)
	case jpeg.UYVY:
		put(0, 1, 2, stride)
		put(1, 0, 4, stride)
		put(2, 2, 4, stride)
	case jpeg.NV12:
		put(0, 0, 1, stride)
		put(1, end, 2, 2*chroma)
		put(2, end+1, 2, 2*chroma)
	case jpeg.NV21:
		put(0, 0, 1, stride)
		put(1, end+1, 2, 2*chroma)
		put(2, end, 2, 2*chroma)
	case jpeg.I420, jpeg.I422, jpeg.I444, jpeg.I440, jpeg.I411, jpeg.I410:
		put(0, 0, 1, stride)
		put(1, end, 1, chroma)
		put(2, end+h*chroma, 1, chroma)
	case jpeg.Grey:
		put(0, 0, 1, stride)
	}
	return f.Raw(d.width, d.height, stride, pix)
}

// image returns the picture as one of the standard library's.
func (d *drawing) image() image.Image {
	raw := d.raw()
	return raw.Image()
}

// psnr returns how near the luma of a JPEG is to the picture's, in dB.
func (d *drawing) psnr(t testing.TB, b []byte) float64 {
	sum := 0.0
	luma, stride := planes(decode(t, b))
	for y := range d.height {
		for x := range d.width {
			e := float64(luma[0][y*stride[0]+x]) - float64(d.planes[0][y*d.width+x])
			sum += e * e
		}
	}
	return 10 * math.Log10(255*255*float64(d.width*d.height)/sum)
}

func planes(img image.Image) (pix [3][]byte, strides [3]int) {
	switch img := img.(type) {
	case *image.Gray:
		return [3][]byte{img.Pix}, [3]int{img.Stride}
	case *image.YCbCr:
		return [3][]byte{img.Y, img.Cb, img.Cr}, [3]int{img.YStride, img.CStride, img.CStride}
	}
	return pix, strides
}

func decode(t testing.TB, b []byte) image.Image {
	t.Helper()
	img, err := stdjpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// standard returns what image/jpeg makes of a picture.
func standard(img image.Image, quality int) []byte {
	var b bytes.Buffer
	if err := stdjpeg.Encode(&b, img, &stdjpeg.Options{Quality: quality}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func mustAppend(t testing.TB, e *jpeg.Encoder, raw jpeg.Raw) []byte {
	t.Helper()
	b, err := e.Append(nil, raw)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func differ(a, b uint8) int {
	return max(int(a), int(b)) - min(int(a), int(b))
}
