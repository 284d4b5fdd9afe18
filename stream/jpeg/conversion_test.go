package jpeg_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"testing"

	"mjpegazer/stream/jpeg"
)

// palette is coloured patches of 16 pixels, wide enough that subsampled chroma
// is whole in the middle of each.
var patches = []color.RGBA{
	{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255},
	{0, 0, 0, 255}, {255, 255, 0, 255}, {0, 255, 255, 255}, {120, 60, 30, 255},
}

func patchwork(dst draw.Image) {
	b := dst.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			dst.Set(x, y, patches[((x-b.Min.X)/16+(y-b.Min.Y)/16*3)%len(patches)])
		}
	}
}

func TestAppendImageKeepsColours(t *testing.T) {
	r := image.Rect(3, 5, 3+61, 5+47)
	full := color.Palette{}
	for _, c := range patches {
		full = append(full, c)
	}
	large := image.NewRGBA(r.Inset(-7))
	for name, dst := range map[string]draw.Image{
		"RGBA": image.NewRGBA(r), "NRGBA": image.NewNRGBA(r), "RGBA64": image.NewRGBA64(r),
		"Paletted": image.NewPaletted(r, full), "part of RGBA": large.SubImage(r).(draw.Image),
	} {
		patchwork(dst)
		e := jpeg.Encoder{Quality: 95}
		b, err := e.AppendImage(nil, dst)
		if err != nil {
			t.Fatal(name, err)
		}
		img := decode(t, b)
		if img.Bounds().Size() != r.Size() {
			t.Fatalf("%s became %v", name, img.Bounds())
		}
		for y := 8; y < 47; y += 16 {
			for x := 8; x < 61; x += 16 {
				want := color.RGBAModel.Convert(dst.At(r.Min.X+x, r.Min.Y+y)).(color.RGBA)
				got := color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
				if max(differ(want.R, got.R), differ(want.G, got.G), differ(want.B, got.B)) > 4 {
					t.Errorf("%s at %d,%d is %v, want %v", name, x, y, got, want)
				}
			}
		}
	}
}

// What has a format already must not be converted: the bytes prove it.
func TestAppendImageTakesPlanesAsTheyAre(t *testing.T) {
	var e jpeg.Encoder
	for _, format := range planarFormats {
		d := scene(61, 47, format)
		b, err := e.AppendImage(nil, d.image())
		if err != nil || !bytes.Equal(b, mustAppend(t, &e, d.raw())) {
			t.Errorf("%s is not encoded as it is (%v)", format, err)
		}
	}
}

// A part that begins in the middle of a chroma sample, or in the middle of a
// buffer, is the part that was meant.
func TestAppendImageOfParts(t *testing.T) {
	e := jpeg.Encoder{Quality: 100}
	for _, format := range []jpeg.Format{jpeg.I420, jpeg.I422, jpeg.Grey} {
		whole := scene(80, 64, format).image()
		for _, at := range []image.Point{{0, 0}, {16, 8}, {3, 2}, {2, 5}} {
			part := whole.(interface {
				SubImage(image.Rectangle) image.Image
			}).SubImage(image.Rectangle{at, at.Add(image.Pt(33, 31))})
			b, err := e.AppendImage(nil, part)
			if err != nil {
				t.Fatal(err)
			}
			got := decode(t, b)
			for y := range 31 {
				for x := range 33 {
					want := color.GrayModel.Convert(part.At(at.X+x, at.Y+y)).(color.Gray).Y
					if back := color.GrayModel.Convert(got.At(x, y)).(color.Gray).Y; differ(want, back) > 12 {
						t.Fatalf("%s at %v: pixel %d,%d is %d, want %d", format, at, x, y, back, want)
					}
				}
			}
		}
	}
}

func TestAppendImageRefusesSizes(t *testing.T) {
	var e jpeg.Encoder
	for _, img := range []image.Image{
		image.NewUniform(color.White), image.NewRGBA(image.Rect(0, 0, 0, 5)), &image.YCbCr{}, &image.Gray{},
		image.NewRGBA(image.Rect(0, 0, 65536, 1)),
	} {
		if b, err := e.AppendImage(nil, img); err == nil || b != nil {
			t.Errorf("%T %v: %d bytes, error %v", img, img.Bounds(), len(b), err)
		}
	}
}

func TestAppendImageAllocatesNothing(t *testing.T) {
	r := image.Rect(0, 0, 160, 120)
	for _, img := range []image.Image{image.NewRGBA(r), image.NewNRGBA(r), image.NewYCbCr(r, image.YCbCrSubsampleRatio444)} {
		var e jpeg.Encoder
		out, err := e.AppendImage(nil, img)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(10, func() { out, _ = e.AppendImage(out[:0], img) }); n != 0 {
			t.Errorf("%T: %v allocations a picture", img, n)
		}
	}
}
