package variant_test

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"math/rand"
	"testing"

	"golang.org/x/image/draw"

	"mjpegazer/source/variant"
	"mjpegazer/stream"
)

// scene is a picture with edges, gradients and noise, of about as many bytes as a camera sends.
func scene(tb testing.TB, width, height int) []byte {
	random := rand.New(rand.NewSource(1))
	img := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	for y := range height {
		for x := range width {
			v := x*150/width + (x/60+y/40)%5*15 + random.Intn(14)
			img.Y[img.YOffset(x, y)] = uint8(v)
			i := img.COffset(x, y)
			img.Cb[i], img.Cr[i] = uint8(100+x*50/width), uint8(110+y*40/height)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 83}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// BenchmarkVariant is what a picture of 1080p costs, beside the standard library's way to half of its size.
func BenchmarkVariant(b *testing.B) {
	picture := scene(b, 1920, 1080)
	for _, test := range []struct {
		name string
		s    variant.Source
	}{
		{"half", variant.Source{Width: 960, Quality: 75}},
		{"half with text", variant.Source{Width: 960, Quality: 75, Text: "%F %T"}},
		{"turn", variant.Source{Turn: 90}},
		{"turn encoded", variant.Source{Turn: 90, How: variant.Encode}},
		{"grey", variant.Source{Grey: true}},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			next := make(chan struct{})
			test.s.From = stream.SourceFunc(func(_ context.Context, emit func(stream.Picture)) error {
				for b.Loop() {
					emit(stream.Picture{JPEG: picture})
					<-next
				}
				return stream.ErrEnded
			})
			size := 0
			test.s.Run(b.Context(), func(p stream.Picture) { size = len(p.JPEG); next <- struct{}{} })
			b.ReportMetric(float64(len(picture))/1000, "kB-in")
			b.ReportMetric(float64(size)/1000, "kB-out")
		})
	}
	b.Run("half by the standard library", func(b *testing.B) {
		for b.Loop() {
			img, err := jpeg.Decode(bytes.NewReader(picture))
			if err != nil {
				b.Fatal(err)
			}
			half := image.NewRGBA(image.Rect(0, 0, 960, 540))
			draw.ApproxBiLinear.Scale(half, half.Rect, img, img.Bounds(), draw.Src, nil)
			var out bytes.Buffer
			jpeg.Encode(&out, half, &jpeg.Options{Quality: 75})
		}
	})
}
