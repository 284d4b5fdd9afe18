package jpeg_test

import (
	"bytes"
	"image"
	"testing"

	"mjpegazer/stream/jpeg"
)

// FuzzEncoder holds that any samples in any format, size and stride come back
// from the JPEG at quality 100 as they went in, but for rounding.
func FuzzEncoder(f *testing.F) {
	f.Add(uint8(jpeg.YUYV), uint8(16), uint8(8), uint8(0), []byte{0, 255, 3})
	f.Add(uint8(jpeg.UYVY), uint8(17), uint8(33), uint8(6), []byte("0123456789"))
	f.Add(uint8(jpeg.NV12), uint8(1), uint8(1), uint8(1), []byte{128})
	f.Add(uint8(jpeg.NV21), uint8(31), uint8(9), uint8(0), []byte{255, 255, 0})
	f.Add(uint8(jpeg.I420), uint8(40), uint8(24), uint8(3), []byte{255, 0})
	f.Add(uint8(jpeg.I422), uint8(15), uint8(2), uint8(0), []byte{1, 2, 4, 8, 16, 32, 64, 128})
	f.Add(uint8(jpeg.Grey), uint8(9), uint8(70), uint8(9), []byte{200, 100})
	f.Add(uint8(jpeg.I444), uint8(9), uint8(7), uint8(2), []byte{200, 10})
	f.Add(uint8(jpeg.I410), uint8(99), uint8(17), uint8(4), []byte{20, 100, 3})
	f.Fuzz(func(t *testing.T, format, width, height, padding uint8, samples []byte) {
		form := jpeg.Format(format % 11)
		want := repeat(samples, max(1, int(width)), max(1, int(height)), form)
		e := jpeg.Encoder{Quality: 100}
		img := decode(t, mustAppend(t, &e, want.in(form, int(padding&^1))))
		if size := img.Bounds().Size(); size != image.Pt(want.width, want.height) {
			t.Fatalf("%dx%d became %v", want.width, want.height, size)
		}
		// Each of 64 coefficients is off by half a step of 1 at most, which no
		// sample can show as more than 4; the decoder rounds as well.
		const tolerance = 5
		got, strides := planes(img)
		for i := range depth(form) {
			w, h := want.size(i)
			for n, sample := range want.planes[i][:w*h] {
				if back := got[i][n/w*strides[i]+n%w]; differ(back, sample) > tolerance {
					t.Fatalf("%s %dx%d: sample %d,%d of plane %d is %d, was %d", form, want.width, want.height, n%w, n/w, i, back, sample)
				}
			}
		}
	})
}

// repeat returns a picture whose samples are given, again and again.
func repeat(samples []byte, width, height int, format jpeg.Format) *drawing {
	d := &drawing{format: planar(format), width: width, height: height}
	for i := range d.planes[:depth(format)] {
		w, h := d.size(i)
		if len(samples) == 0 {
			samples = []byte{0}
		}
		d.planes[i] = bytes.Repeat(samples, w*h/len(samples)+1)[:w*h]
	}
	return d
}

// FuzzEncoderLimits holds that no size, stride, quality or short plane does
// more than an error, and that what is no error decodes.
func FuzzEncoderLimits(f *testing.F) {
	f.Add(uint8(0), 64, 16, 128, 0, 0, uint8(80), uint16(2048))
	f.Add(uint8(2), 64, 16, 64, 63, 0, uint8(101), uint16(1535))
	f.Add(uint8(4), 65536, -1, -1, 1<<31-1, -1<<31, uint8(0), uint16(9))
	f.Add(uint8(9), 8, 8, 8, 8, 8, uint8(1), uint16(1000))
	f.Fuzz(func(t *testing.T, format uint8, width, height, s0, s1, s2 int, quality uint8, size uint16) {
		pix := make([]byte, size)
		e := jpeg.Encoder{Quality: int(quality)}
		for _, raw := range []jpeg.Raw{
			jpeg.Format(format).Raw(width, height, s0, pix),
			{Format: jpeg.Format(format), Width: width, Height: height, Planes: [3][]byte{pix, pix, pix}, Strides: [3]int{s0, s1, s2}},
		} {
			b, err := e.Append(nil, raw)
			if err != nil {
				if b != nil {
					t.Fatalf("%d bytes and %v", len(b), err)
				}
				continue
			}
			if size := decode(t, b).Bounds().Size(); size != image.Pt(width, height) {
				t.Fatalf("%dx%d became %v", width, height, size)
			}
		}
	})
}
