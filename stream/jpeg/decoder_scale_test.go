package jpeg_test

import (
	"image"
	"math"
	"testing"

	"mjpegazer/stream/jpeg"
)

// A smaller picture must be as near to the truth as the whole one, of which the means are made.
func TestSmallerPicturesAreMeans(t *testing.T) {
	for _, quality := range []int{50, 75, 95} {
		truth := scene(640, 480, jpeg.I420)
		e := jpeg.Encoder{Quality: quality}
		picture := mustAppend(t, &e, truth.raw())
		whole, strides := planes(decode(t, picture))
		var d jpeg.Decoder
		for _, scale := range []int{1, 2, 4, 8} {
			raw, err := d.Decode(picture, scale)
			if err != nil {
				t.Fatal(err)
			}
			for plane := range 3 {
				w, h := truth.size(plane)
				means := shrink(truth.planes[plane], w, w, h, scale)
				rounded := shrink(whole[plane], strides[plane], w, h, scale)
				for i := range rounded {
					rounded[i] = math.Round(rounded[i])
				}
				best := near(rounded, means)
				got := near(shrink(raw.Planes[plane], raw.Strides[plane], w/scale, h/scale, 1), means)
				t.Logf("quality %d, 1/%d, plane %d: %.2f dB, means of the whole %.2f dB", quality, scale, plane, got, best)
				if got < best-1.5 {
					t.Errorf("quality %d, 1/%d, plane %d: %.2f dB, means of the whole have %.2f dB", quality, scale, plane, got, best)
				}
			}
		}
	}
}

// shrink returns means of scale × scale samples.
func shrink(pix []byte, stride, width, height, scale int) (means []float64) {
	for y := range height / scale {
		for x := range width / scale {
			sum := 0.0
			for n := range scale * scale {
				sum += float64(pix[(y*scale+n/scale)*stride+x*scale+n%scale])
			}
			means = append(means, sum/float64(scale*scale))
		}
	}
	return means
}

// near returns the PSNR, in dB.
func near(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return 10 * math.Log10(255*255*float64(len(a))/sum)
}

// Means of means: the Decoder's own scales and the Scaler's agree.
func TestScalerAgreesWithDecoder(t *testing.T) {
	m := sampled(128, 96, &[3]image.Point{{2, 2}, {1, 1}, {1, 1}}, 95)
	picture := m.picture()
	var d, whole jpeg.Decoder
	raw, err := whole.Decode(picture, 1)
	if err != nil {
		t.Fatal(err)
	}
	var s jpeg.Scaler
	for _, scale := range []int{2, 4, 8} {
		want, err := d.Decode(picture, scale)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Scale(raw, 128/scale, 96/scale)
		if err != nil {
			t.Fatal(err)
		}
		m.check(t, "scaled", got, scale, 1.5)
		m.check(t, "decoded", want, scale, 1)
	}
}
