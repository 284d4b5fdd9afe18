package jpeg_test

import (
	"bytes"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"testing"

	"mjpegazer/stream/jpeg"
)

// cameras are pictures as cameras make them, of so many bytes.
var cameras = []struct {
	size   image.Point
	format jpeg.Format
	bytes  int
}{
	{image.Pt(1280, 720), jpeg.I420, 180_000},
	{image.Pt(1280, 720), jpeg.I422, 180_000},
	{image.Pt(1920, 1080), jpeg.I420, 380_000},
	{image.Pt(1920, 1080), jpeg.I422, 380_000},
}

// sized compresses a picture to a number of bytes, or a little less.
func sized(b testing.TB, d *drawing, size int) []byte {
	var best []byte
	for low, high := 1, 100; low <= high; {
		e := jpeg.Encoder{Quality: (low + high) / 2}
		if picture := mustAppend(b, &e, d.raw()); len(picture) <= size {
			best, low = picture, e.Quality+1
		} else {
			high = e.Quality - 1
		}
	}
	return best
}

// BenchmarkDecoder decodes in turn with this decoder and with image/jpeg.
func BenchmarkDecoder(b *testing.B) {
	for _, c := range cameras {
		picture := sized(b, scene(c.size.X, c.size.Y, c.format), c.bytes)
		for _, scale := range []int{1, 2, 4, 8} {
			b.Run(fmt.Sprintf("%s/%dx%d/scale=%d", c.format, c.size.X, c.size.Y, scale), func(b *testing.B) {
				var d jpeg.Decoder
				compare(b, func() {
					if _, err := d.Decode(picture, scale); err != nil {
						b.Fatal(err)
					}
				}, func() { stdjpeg.Decode(bytes.NewReader(picture)) })
				b.ReportMetric(float64(len(picture))/1000, "kB")
			})
		}
	}
}
