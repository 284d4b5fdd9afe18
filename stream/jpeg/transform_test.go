package jpeg_test

import (
	"bytes"
	"fmt"
	"image"
	"os/exec"
	"testing"

	"mjpegazer/stream/jpeg"
)

func ExampleTransform() {
	var e jpeg.Encoder
	picture, err := e.Append(nil, jpeg.I420.Raw(1920, 1080, 0, make([]byte, 1920*1080*3/2)))
	if err != nil {
		fmt.Println(err)
		return
	}
	t := jpeg.Transform{Turn: jpeg.Turned180}
	picture, err = t.Append(picture[:0:0], picture)
	if err != nil {
		fmt.Println(err)
		return
	}
	// 1080 lines are 67 MCUs of 16 and a half: that would come to lie above.
	info, _, err := jpeg.Inspect(picture)
	fmt.Println(info.Width, info.Height, err)
	// Output: 1920 1072 <nil>
}

func mustTransform(t testing.TB, change *jpeg.Transform, picture []byte) []byte {
	t.Helper()
	b, err := change.Append(nil, picture)
	if err != nil {
		t.Fatal(err)
	}
	if info, end, err := jpeg.Inspect(b); err != nil || end != len(b) || info.NoTables {
		t.Fatalf("%+v, %d of %d bytes, %v", info, end, len(b), err)
	}
	return b
}

// jpegtran writes what the program makes of a picture, with Huffman tables that follow from the coefficients alone.
func jpegtran(t testing.TB, path string, picture []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(path, append(args, "-optimize")...)
	cmd.Stdin = bytes.NewReader(picture)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("jpegtran %v: %v: %s", args, err, &complaints)
	}
	return out
}

var turns = map[jpeg.Orientation][]string{
	jpeg.Upright: {}, jpeg.Transposed: {"-transpose"}, jpeg.Transversed: {"-transverse"},
	jpeg.Mirrored: {"-flip", "horizontal"}, jpeg.Flipped: {"-flip", "vertical"},
	jpeg.Turned90: {"-rotate", "90"}, jpeg.Turned180: {"-rotate", "180"}, jpeg.Turned270: {"-rotate", "270"},
}

// Byte for byte what libjpeg-turbo makes of the same picture, when jpegtran has written both, which depends on coefficients,
// quantization tables, sizes and samplings alone.
func TestTransformAgreesWithJpegtran(t *testing.T) {
	program := program(t, "jpegtran", "libjpeg-turbo-progs")
	for _, s := range []*[3]image.Point{
		nil, {{1, 1}, {1, 1}, {1, 1}}, {{2, 1}, {1, 1}, {1, 1}}, {{2, 2}, {1, 1}, {1, 1}}, {{1, 2}, {1, 1}, {1, 1}},
		{{4, 1}, {1, 1}, {1, 1}}, {{3, 2}, {1, 1}, {1, 1}}, {{2, 2}, {2, 1}, {1, 2}},
	} {
		for _, size := range []image.Point{{96, 96}, {101, 67}} {
			m := sampled(size.X, size.Y, s, 70)
			m.restart = 7
			picture := m.picture()
			// Cameras may have codes for nothing but what they send, which is not what a turned picture needs.
			optimal := jpegtran(t, program, picture)
			for turn, args := range turns {
				for _, grey := range []bool{false, true} {
					for _, crop := range []image.Rectangle{{}, image.Rect(20, 35, 61, 53)} {
						change := jpeg.Transform{Turn: turn, Grey: grey, Crop: crop}
						args := append([]string{"-copy", "all", "-trim"}, args...)
						if grey {
							args = append(args, "-grayscale")
						}
						if !crop.Empty() {
							args = append(args, "-crop", fmt.Sprintf("%dx%d+%d+%d", crop.Dx(), crop.Dy(), crop.Min.X, crop.Min.Y))
						}
						ours := jpegtran(t, program, mustTransform(t, &change, optimal))
						if theirs := jpegtran(t, program, picture, args...); !bytes.Equal(ours, theirs) {
							t.Fatalf("%v %v: %v: %d bytes, of jpegtran %d", s, size, args, len(ours), len(theirs))
						}
					}
				}
			}
		}
	}
}

// Four quarter turns are none, if the sides are multiples of the MCU.
func TestFourTurnsAreNone(t *testing.T) {
	for _, s := range samplings() {
		h, v := 1, 1
		for _, factors := range s {
			h, v = max(h, factors.X), max(v, factors.Y)
		}
		m := sampled(8*h*5, 8*v*4, &s, 80)
		m.steps[3] = 99 // the table must be transposed
		picture := m.picture()
		canonical := mustTransform(t, &jpeg.Transform{}, picture)
		for turn, times := range map[jpeg.Orientation]int{jpeg.Turned90: 4, jpeg.Turned270: 4, jpeg.Turned180: 2, jpeg.Mirrored: 2,
			jpeg.Flipped: 2, jpeg.Transposed: 2, jpeg.Transversed: 2} {
			change := jpeg.Transform{Turn: turn}
			b := picture
			for range times {
				b = mustTransform(t, &change, b)
			}
			if !bytes.Equal(b, canonical) {
				t.Errorf("%v: orientation %d, %d times, changes the picture", s, turn, times)
			}
		}
	}
}

// What is seen is the same picture, turned.
func TestTransformTurnsSamples(t *testing.T) {
	for _, s := range samplings() {
		h, v := 1, 1
		for _, factors := range s {
			h, v = max(h, factors.X), max(v, factors.Y)
		}
		m := sampled(8*h*3, 8*v*2, &s, 90)
		picture := m.picture()
		var whole, turned jpeg.Decoder
		before, err := whole.Decode(picture, 1)
		if err != nil {
			t.Fatal(err)
		}
		for turn := jpeg.Upright; turn <= jpeg.Turned270; turn++ {
			change := jpeg.Transform{Turn: turn}
			after, err := turned.Decode(mustTransform(t, &change, picture), 1)
			if err != nil {
				t.Fatal(err)
			}
			for y := range after.Height {
				for x := range after.Width {
					from := seen(turn, x, y, before.Width, before.Height)
					a, b := after.Planes[0][y*after.Strides[0]+x], before.Planes[0][from.Y*before.Strides[0]+from.X]
					if differ(a, b) > 1 {
						t.Fatalf("%v, orientation %d: sample %d,%d is %d, was %d at %v", s, turn, x, y, a, b, from)
					}
				}
			}
		}
	}
}

// seen returns which pixel of a picture of w x h is shown at x, y.
func seen(o jpeg.Orientation, x, y, w, h int) image.Point {
	switch o {
	case jpeg.Mirrored:
		return image.Pt(w-1-x, y)
	case jpeg.Turned180:
		return image.Pt(w-1-x, h-1-y)
	case jpeg.Flipped:
		return image.Pt(x, h-1-y)
	case jpeg.Transposed:
		return image.Pt(y, x)
	case jpeg.Turned90:
		return image.Pt(y, h-1-x)
	case jpeg.Transversed:
		return image.Pt(w-1-y, h-1-x)
	case jpeg.Turned270:
		return image.Pt(w-1-y, x)
	}
	return image.Pt(x, y)
}
