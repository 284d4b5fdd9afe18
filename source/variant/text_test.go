package variant_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"strings"
	"testing"

	"mjpegazer/source/variant"
)

// A text that is accepted can be written into any picture, whatever its letters and its length.
func FuzzText(f *testing.F) {
	picture := quarters(f, 40, 24)
	for _, text := range []string{"%H:%M:%S door", "%%", "%f%s%j", "Tür 世界 \u200d", strings.Repeat("%c", 100), "%"} {
		f.Add(text, "bottom-right", 20)
	}
	f.Fuzz(func(t *testing.T, text, at string, width int) {
		s := variant.Source{Text: text, TextAt: variant.Place(at), Width: width}
		if s.Check() != nil {
			return
		}
		jpg, _ := made(t, s, picture)
		decoded(t, jpg)
	})
}

// The text says when the picture was taken.
func TestTextIsLegible(t *testing.T) {
	for _, ground := range []uint8{0, 128, 255} {
		img := image.NewGray(image.Rect(0, 0, 640, 360))
		for i := range img.Pix {
			img.Pix[i] = ground
		}
		var b bytes.Buffer
		jpeg.Encode(&b, img, nil)
		jpg, _ := made(t, variant.Source{Text: "%T", TextAt: variant.Bottom, Quality: 90}, b.Bytes())
		got := decoded(t, jpg).(*image.Gray)
		darkest, brightest := uint8(255), uint8(0)
		for x := 280; x < 360; x++ {
			for y := 335; y < 355; y++ {
				darkest, brightest = min(darkest, got.GrayAt(x, y).Y), max(brightest, got.GrayAt(x, y).Y)
			}
		}
		if brightest-darkest < 110 {
			t.Errorf("on %d letters are %d on %d", ground, brightest, darkest)
		}
		if got.GrayAt(320, 100).Y != ground && ground != 128 {
			t.Errorf("the rest of the picture is %d, was %d", got.GrayAt(320, 100).Y, ground)
		}
	}
}
