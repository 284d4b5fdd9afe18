package pattern

import (
	"fmt"
	"image"
	"testing"
	"time"

	"mjpegazer/stream/jpeg"
)

// BenchmarkPattern is what a test card costs for each picture.
func BenchmarkPattern(b *testing.B) {
	for _, size := range []image.Point{{640, 480}, {1280, 720}, {1920, 1080}} {
		b.Run(fmt.Sprintf("%dx%d", size.X, size.Y), func(b *testing.B) {
			card := newCard(size.X, size.Y, [4]string{"size", "25 fps", "UTC", "JPEG 80"})
			var encoder jpeg.Encoder
			var picture []byte
			now := time.Now()
			b.ReportAllocs()
			for number := 0; b.Loop(); number++ {
				var err error
				picture, err = encoder.AppendImage(picture[:0], card.draw(now, number))
				if err != nil {
					b.Fatal(err)
				}
				now = now.Add(40 * time.Millisecond)
			}
			b.ReportMetric(float64(len(picture))/1000, "kB")
		})
	}
}
