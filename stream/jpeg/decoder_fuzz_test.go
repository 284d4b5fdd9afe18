package jpeg_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"testing"

	"mjpegazer/stream/jpeg"
)

// Samples that jump from one end to the other make the largest coefficients.
func TestDecoderOfExtremes(t *testing.T) {
	var d jpeg.Decoder
	for wave := range 64 {
		for _, step := range []uint16{1, 7, 99, 255} {
			m := sampled(16, 16, nil, 50)
			for i := range m.steps {
				m.steps[i] = step
			}
			m.components[0].at = func(x, y int) uint8 {
				if cosines[x%8][wave%8]*cosines[y%8][wave/8]*float64(1-x/8*2) > 0 {
					return 255
				}
				return 0
			}
			picture := m.picture()
			name := fmt.Sprintf("wave %d with a step of %d", wave, step)
			raw, err := d.Decode(picture, 1)
			if err != nil {
				t.Fatal(name, err)
			}
			m.check(t, name, raw, 1, 1)
			same(t, name, &raw, decode(t, picture))
		}
	}
}

// FuzzDecoder holds that pictures of any samples, sampling, size, quality and restart interval come out as they were made,
// and as image/jpeg sees them if it can; and that damage does no more than to be reported, or to be seen.
func FuzzDecoder(f *testing.F) {
	f.Add(uint8(0), uint8(16), uint8(8), uint8(90), uint8(0), []byte{0, 255, 3}, uint16(400), byte(3), uint16(500))
	f.Add(uint8(5), uint8(33), uint8(17), uint8(100), uint8(2), []byte("0123456789"), uint16(700), byte(0xff), uint16(900))
	f.Add(uint8(16), uint8(20), uint8(40), uint8(10), uint8(1), []byte{9, 9, 200}, uint16(170), byte(0x12), uint16(9000))
	f.Add(uint8(99), uint8(70), uint8(9), uint8(50), uint8(7), []byte{200, 100}, uint16(600), byte(0xd3), uint16(640))
	f.Fuzz(func(t *testing.T, sampling, width, height, quality, restart uint8, samples []byte, at uint16, value byte, cut uint16) {
		all := samplings()
		s := &all[int(sampling)%len(all)]
		if sampling > 200 {
			s = nil
		}
		m := sampled(max(1, int(width)), max(1, int(height)), s, min(100, int(quality)))
		m.restart = int(restart)
		for i := range m.components {
			c := &m.components[i]
			c.at = func(x, y int) uint8 {
				if len(samples) == 0 {
					return 0
				}
				return samples[(y*31*(i+1)+x)%len(samples)]
			}
		}
		picture := m.picture()
		var d jpeg.Decoder
		raw, err := d.Decode(picture, 1)
		if err != nil {
			t.Fatal(err)
		}
		m.check(t, "picture", raw, 1, 1)
		if img, err := stdjpeg.Decode(bytes.NewReader(picture)); err == nil {
			same(t, "picture", &raw, img)
		}

		picture = picture[:min(len(picture), int(cut))]
		if int(at) < len(picture) {
			picture[at] = value
		}
		img, other := stdjpeg.Decode(bytes.NewReader(picture))
		for _, scale := range []int{1, 2, 4, 8} {
			raw, err := d.Decode(picture, scale)
			checkDecoded(t, picture, raw, err, scale)
			if other == nil && err == nil && img.Bounds().Size() != image.Pt(raw.Width, raw.Height) && scale == 1 {
				t.Fatalf("%dx%d is %v to image/jpeg", raw.Width, raw.Height, img.Bounds())
			}
		}
	})
}

// checkDecoded checks what is true of any bytes.
func checkDecoded(t *testing.T, picture []byte, raw jpeg.Raw, err error, scale int) {
	t.Helper()
	if err != nil && !errors.Is(err, jpeg.ErrBroken) && !errors.Is(err, jpeg.ErrUnsupported) {
		t.Fatalf("an error of no kind: %v", err)
	}
	if raw.Width == 0 {
		if err == nil {
			t.Fatal("neither a picture nor an error")
		}
		return
	}
	if info, _, wrong := jpeg.Inspect(picture); wrong == nil &&
		(up(info.Width, scale) != raw.Width || up(info.Height, scale) != raw.Height) {
		t.Fatalf("%+v became %dx%d at 1/%d", info, raw.Width, raw.Height, scale)
	}
	for i := range depth(raw.Format) {
		h, v := step(raw.Format, i)
		if w := up(raw.Width, h); raw.Strides[i] < w || len(raw.Planes[i]) < (up(raw.Height, v)-1)*raw.Strides[i]+w {
			t.Fatalf("%s %dx%d: plane %d has %d bytes, %d a row", raw.Format, raw.Width, raw.Height, i, len(raw.Planes[i]), raw.Strides[i])
		}
	}
}

// FuzzDecoderBytes holds that any bytes give what they give to a Decoder that has seen no other picture, or an error.
func FuzzDecoderBytes(f *testing.F) {
	for _, sof := range []byte{0xc0, 0xc1, 0xc2} {
		m := sampled(33, 17, &[3]image.Point{{2, 1}, {1, 1}, {1, 1}}, 50)
		m.sof, m.restart = sof, int(sof-0xc0)
		f.Add(m.picture())
	}
	m := sampled(20, 30, nil, 20)
	m.dnl, m.scans = true, [][]int{{0}}
	f.Add(m.picture())
	other := sampled(50, 40, &[3]image.Point{{2, 2}, {1, 1}, {1, 1}}, 70).picture()
	f.Fuzz(func(t *testing.T, picture []byte) {
		used := jpeg.Decoder{MaxPixels: 1 << 18}
		for _, scale := range []int{1, 2, 4, 8} {
			if _, err := used.Decode(other, 8/scale); err != nil {
				t.Fatal(err)
			}
			fresh := jpeg.Decoder{MaxPixels: 1 << 18}
			raw, err := used.Decode(picture, scale)
			checkDecoded(t, picture, raw, err, scale)
			want, wantErr := fresh.Decode(picture, scale)
			if raw.Width != want.Width || raw.Format != want.Format || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("%s %d %v, else %s %d %v", raw.Format, raw.Width, err, want.Format, want.Width, wantErr)
			}
			for i := range depth(raw.Format) {
				h, v := step(raw.Format, i)
				for y := range up(raw.Height, v) {
					if w := up(raw.Width, h); !bytes.Equal(raw.Planes[i][y*raw.Strides[i]:][:w], want.Planes[i][y*want.Strides[i]:][:w]) {
						t.Fatalf("row %d of plane %d at 1/%d differs after another picture", y, i, scale)
					}
				}
			}
		}
	})
}
