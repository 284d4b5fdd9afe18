package jpeg_test

import (
	"bytes"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"testing"

	"mjpegazer/stream/jpeg"
)

// BenchmarkTransform turns pictures in turn with a Transform and by decoding, turning and encoding them with the standard
// library, and says how much of the time of decoding alone a Transform takes.
func BenchmarkTransform(b *testing.B) {
	for _, c := range cameras {
		picture := sized(b, scene(c.size.X, c.size.Y, c.format), c.bytes)
		for _, turn := range []jpeg.Orientation{jpeg.Upright, jpeg.Turned90, jpeg.Turned180} {
			b.Run(fmt.Sprintf("%s/%dx%d/orientation=%d", c.format, c.size.X, c.size.Y, turn), func(b *testing.B) {
				change := jpeg.Transform{Turn: turn}
				var d jpeg.Decoder
				var out []byte
				times := compareAll(b, func() {
					var err error
					if out, err = change.Append(out[:0], picture); err != nil {
						b.Fatal(err)
					}
				}, func() { d.Decode(picture, 1) }, func() { turnSlowly(picture, turn) })
				b.ReportMetric(times[0], "ms")
				b.ReportMetric(times[2]/times[0], "x-image/jpeg")
				b.ReportMetric(times[0]/times[1], "x-decode")
				b.ReportMetric(float64(len(out))/1000, "kB")
			})
		}
	}
}

// turnSlowly decodes, turns and encodes with the standard library.
func turnSlowly(picture []byte, turn jpeg.Orientation) {
	img, err := stdjpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		panic(err)
	}
	from := img.(*image.YCbCr)
	size := from.Rect.Size()
	to := image.NewYCbCr(from.Rect, from.SubsampleRatio)
	if turn == jpeg.Turned90 {
		ratio := from.SubsampleRatio
		if ratio == image.YCbCrSubsampleRatio422 {
			ratio = image.YCbCrSubsampleRatio440
		}
		to = image.NewYCbCr(image.Rect(0, 0, size.Y, size.X), ratio)
	}
	move := func(to, from []byte, toStride, fromStride, w, h int) {
		for y := range h {
			for x := range w {
				switch turn {
				case jpeg.Turned90:
					to[x*toStride+h-1-y] = from[y*fromStride+x]
				case jpeg.Turned180:
					to[(h-1-y)*toStride+w-1-x] = from[y*fromStride+x]
				default:
					to[y*toStride+x] = from[y*fromStride+x]
				}
			}
		}
	}
	move(to.Y, from.Y, to.YStride, from.YStride, size.X, size.Y)
	v := 1
	if from.SubsampleRatio == image.YCbCrSubsampleRatio420 {
		v = 2
	}
	for i := range 2 {
		move([][]byte{to.Cb, to.Cr}[i], [][]byte{from.Cb, from.Cr}[i], to.CStride, from.CStride, up(size.X, 2), up(size.Y, v))
	}
	var out bytes.Buffer
	stdjpeg.Encode(&out, to, &stdjpeg.Options{Quality: 85})
}
