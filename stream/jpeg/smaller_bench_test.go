package jpeg_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"io"
	"testing"

	"mjpegazer/stream/jpeg"
)

// BenchmarkSmaller makes smaller pictures of a camera's in turn with this package and with the standard library and a
// bilinear step as x/image/draw's ApproxBiLinear has it, of RGBA.
func BenchmarkSmaller(b *testing.B) {
	for _, c := range cameras {
		picture := sized(b, scene(c.size.X, c.size.Y, c.format), c.bytes)
		info, _, err := jpeg.Inspect(picture)
		if err != nil {
			b.Fatal(err)
		}
		for _, width := range []int{c.size.X * 2 / 3, c.size.X / 2, 640, 320} {
			size := image.Pt(width, c.size.Y*width/c.size.X)
			b.Run(fmt.Sprintf("%s/%dx%d/width=%d", c.format, c.size.X, c.size.Y, width), func(b *testing.B) {
				var d jpeg.Decoder
				var s jpeg.Scaler
				e := jpeg.Encoder{Quality: 75}
				var out []byte
				compare(b, func() {
					raw, err := d.Decode(picture, info.Scale(size.X, size.Y))
					if err == nil {
						raw, err = s.Scale(raw, size.X, size.Y)
					}
					if err == nil {
						out, err = e.Append(out[:0], raw)
					}
					if err != nil {
						b.Fatal(err)
					}
				}, func() { smallerSlowly(picture, size) })
				b.ReportMetric(float64(len(out))/1000, "kB")
			})
		}
	}
}

func smallerSlowly(picture []byte, size image.Point) {
	img, err := stdjpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		panic(err)
	}
	from := img.(*image.YCbCr)
	to := image.NewRGBA(image.Rectangle{Max: size})
	w, h := from.Rect.Dx(), from.Rect.Dy()
	for y := range size.Y {
		sy := max(0, (2*y+1)*h*128/size.Y-128)
		for x := range size.X {
			sx := max(0, (2*x+1)*w*128/size.X-128)
			var sum [3]int
			for n := range 4 {
				px, py := min(sx/256+n%2, w-1), min(sy/256+n/2, h-1)
				i, j := from.YOffset(px, py), from.COffset(px, py)
				r, g, b := color.YCbCrToRGB(from.Y[i], from.Cb[j], from.Cr[j])
				weight := [2]int{256 - sx%256, sx % 256}[n%2] * [2]int{256 - sy%256, sy % 256}[n/2]
				sum[0] += int(r) * weight
				sum[1] += int(g) * weight
				sum[2] += int(b) * weight
			}
			p := to.Pix[to.PixOffset(x, y):]
			p[0], p[1], p[2], p[3] = uint8(sum[0]>>16), uint8(sum[1]>>16), uint8(sum[2]>>16), 255
		}
	}
	stdjpeg.Encode(io.Discard, to, &stdjpeg.Options{Quality: 75})
}
