package variant_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"mjpegazer/source/pattern"
	"mjpegazer/source/variant"
	"mjpegazer/stream"
)

// A camera in the hall is shown smaller, and with the time.
func Example() {
	hall := stream.New(pattern.Camera{Width: 1280, Height: 720}, stream.Options{})
	defer hall.Close()
	small := stream.New(&variant.Source{
		From:  variant.View{Stream: hall},
		Width: 320, Text: "%F %T hall", TextAt: variant.BottomRight,
	}, stream.Options{NoStall: true})
	defer small.Close()
	for frame := range small.Frames(context.Background()) {
		fmt.Println(frame.Width, frame.Height, hall.Stats().Width)
		break
	}
	// Output: 320 180 1280
}

// corners are the colours of a test picture's quarters: upper left, upper right, lower left, lower right.
var corners = [4]color.RGBA{{200, 30, 30, 255}, {30, 180, 30, 255}, {30, 30, 200, 255}, {220, 220, 220, 255}}

func quarters(t testing.TB, width, height int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, corners[2*x/width+2*y/height*2])
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// once is a camera that sends one picture.
func once(picture []byte, when time.Time) stream.Source {
	return stream.SourceFunc(func(_ context.Context, emit func(stream.Picture)) error {
		emit(stream.Picture{JPEG: picture, Time: when})
		return stream.ErrEnded
	})
}

// made returns the picture that a variant makes of one.
func made(t testing.TB, s variant.Source, picture []byte) (jpg []byte, facts map[string]string) {
	t.Helper()
	s.From = once(picture, time.Time{})
	err := s.Run(t.Context(), func(p stream.Picture) {
		jpg, facts = bytes.Clone(p.JPEG), p.Facts
	})
	if !errors.Is(err, stream.ErrEnded) {
		t.Fatalf("%+v: %v", s, err)
	}
	return jpg, facts
}

func decoded(t testing.TB, picture []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// layout says which quarter of a test picture is now where.
func layout(img image.Image) (order string) {
	b := img.Bounds()
	for i := range 4 {
		x, y := b.Dx()/4+i%2*b.Dx()/2, b.Dy()/4+i/2*b.Dy()/2
		r, g, bl, _ := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
		best, least := 0, 1<<30
		for k, c := range corners {
			dr, dg, db := int(r>>8)-int(c.R), int(g>>8)-int(c.G), int(bl>>8)-int(c.B)
			if d := dr*dr + dg*dg + db*db; d < least {
				best, least = k, d
			}
		}
		order += string("ABCD"[best])
	}
	return order
}

func TestTurns(t *testing.T) {
	picture := quarters(t, 160, 120)
	for _, test := range []struct {
		s    variant.Source
		want string
	}{
		{variant.Source{}, "ABCD"},
		{variant.Source{Turn: 90}, "CADB"},
		{variant.Source{Turn: 180}, "DCBA"},
		{variant.Source{Turn: 270}, "BDAC"},
		{variant.Source{Mirror: true}, "BADC"},
		{variant.Source{Flip: true}, "CDAB"},
		{variant.Source{Turn: 90, Mirror: true}, "ACBD"},
		{variant.Source{Turn: 90, Flip: true}, "DBCA"},
	} {
		for _, how := range []variant.How{variant.Lossless, variant.Encode} {
			test.s.How = how
			jpg, facts := made(t, test.s, picture)
			img := decoded(t, jpg)
			if got := layout(img); got != test.want {
				t.Errorf("turn=%d mirror=%v flip=%v how=%s: %s, want %s", test.s.Turn, test.s.Mirror, test.s.Flip, how, got, test.want)
			}
			swap := test.s.Turn%180 == 90
			switch size := img.Bounds().Size(); {
			case how == variant.Encode && !swap && size != image.Pt(160, 120), how == variant.Encode && swap && size != image.Pt(120, 160):
				t.Errorf("turn=%d: how=encode made %v", test.s.Turn, size)
			case size.X*size.Y < 160*120 && facts["left out"] == "":
				t.Errorf("turn=%d: %v, and the facts say nothing of it: %v", test.s.Turn, size, facts)
			}
		}
	}
	if jpg, _ := made(t, variant.Source{}, picture); !bytes.Equal(jpg, picture) {
		t.Error("a variant that changes nothing changes bytes")
	}
	exif, _ := made(t, variant.Source{Turn: 90, How: variant.Exif}, picture)
	if len(exif) != len(picture)+36 {
		t.Errorf("an orientation takes %d bytes", len(exif)-len(picture))
	}
	if jpg, _ := made(t, variant.Source{Turn: 180, How: variant.Encode}, exif); layout(decoded(t, jpg)) != "BDAC" {
		t.Error("the orientation of the original does not count")
	}
	if jpg, _ := made(t, variant.Source{Width: 100}, exif); layout(decoded(t, jpg)) != "CADB" {
		t.Error("the orientation of the original is lost in a smaller picture")
	}
}

func TestSizes(t *testing.T) {
	picture := quarters(t, 640, 360)
	for _, test := range []struct {
		s    variant.Source
		want image.Point
	}{
		{variant.Source{Width: 320}, image.Pt(320, 180)},
		{variant.Source{Height: 90}, image.Pt(160, 90)},
		{variant.Source{Width: 100, Height: 100}, image.Pt(100, 56)},
		{variant.Source{Width: 300, Height: 50}, image.Pt(89, 50)},
		{variant.Source{Width: 1280}, image.Pt(640, 360)},
		{variant.Source{Width: 1}, image.Pt(1, 1)},
		{variant.Source{Width: 180, Turn: 90}, image.Pt(180, 320)},
		{variant.Source{Crop: image.Rect(320, 192, 640, 360)}, image.Pt(320, 168)},
		{variant.Source{Crop: image.Rect(320, 180, 640, 360), Width: 160}, image.Pt(160, 90)},
		{variant.Source{Crop: image.Rect(600, 300, 900, 900), Width: 20, Turn: 180}, image.Pt(20, 30)},
		{variant.Source{Grey: true, Quality: 30}, image.Pt(640, 360)},
		{variant.Source{Grey: true, Width: 320, Text: "%T"}, image.Pt(320, 180)},
	} {
		jpg, _ := made(t, test.s, picture)
		img := decoded(t, jpg)
		if got := img.Bounds().Size(); got != test.want {
			t.Errorf("%+v: %v, want %v", test.s, got, test.want)
		}
		if _, grey := img.(*image.Gray); grey != test.s.Grey {
			t.Errorf("%+v: %T", test.s, img)
		}
	}
	lower := variant.Source{Crop: image.Rect(320, 180, 640, 360), Width: 160}
	if jpg, _ := made(t, lower, picture); layout(decoded(t, jpg)) != "DDDD" {
		t.Error("the crop is not the lower right quarter")
	}
}

func TestRefuses(t *testing.T) {
	for want, s := range map[string]variant.Source{
		"turn must be":       {Turn: 45},
		"how must be":        {How: "fast"},
		"how=exif only":      {How: variant.Exif, Width: 10},
		"crop must be":       {Crop: image.Rect(0, 0, 0, 9)},
		"width and height":   {Width: 1 << 16},
		"quality must be":    {Quality: 101},
		"fps must be":        {FPS: -1},
		"text-at must be":    {TextAt: "middle"},
		"%Q is no part of a": {Text: "%H %Q"},
		"text ends with":     {Text: "50%"},
		"one line":           {Text: "a\nb"},
	} {
		s.From = once(quarters(t, 16, 16), time.Time{})
		err := s.Run(t.Context(), func(stream.Picture) { t.Errorf("%+v made a picture", s) })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", s, err, want)
		}
	}
	outside := variant.Source{From: once(quarters(t, 64, 64), time.Time{}), Crop: image.Rect(64, 0, 80, 9), Width: 9}
	if err := outside.Run(t.Context(), func(stream.Picture) {}); err == nil || !strings.Contains(err.Error(), "outside of the picture, which has 64×64") {
		t.Errorf("a crop outside of the picture: %v", err)
	}
}

// A picture that is cut is shown as far as it goes, like the original; one of which nothing is left is counted.
func TestDamagedPictures(t *testing.T) {
	picture := quarters(t, 640, 480)
	s := variant.Source{Width: 320, From: once(append(bytes.Clone(picture[:len(picture)/2]), 0xff, 0xd9), time.Time{})}
	s.Run(t.Context(), func(p stream.Picture) {
		if got := layout(decoded(t, p.JPEG)); got[:1] != "A" {
			t.Errorf("half a picture is %q", got)
		}
	})
	s.From = once([]byte("\xff\xd8 nothing \xff\xd9"), time.Time{})
	s.Run(t.Context(), func(p stream.Picture) {
		if p.JPEG != nil || p.Damaged != 1 {
			t.Errorf("what is no picture is one of %d bytes, %d damaged", len(p.JPEG), p.Damaged)
		}
	})
}
