package jpeg_test

import (
	"fmt"
	"image"
	"math"
	"strings"
	"testing"

	"mjpegazer/stream/jpeg"
)

func ExampleScaler() {
	whole := jpeg.I420.Raw(640, 480, 0, make([]byte, 640*480*3/2))
	var s jpeg.Scaler
	small, err := s.Scale(whole, 400, 300)
	fmt.Println(small.Format, small.Width, small.Height, err)
	// Output: I420 400 300 <nil>
}

// covered is the mean of the ground that a sample of a smaller picture covers. The picture has w x h samples, and its
// sides are to and from.
func covered(pix []byte, w, h, x, y int, from, to image.Point) float64 {
	sum, ground := 0.0, 0.0
	x0, x1 := float64(x)*float64(from.X)/float64(to.X), float64(x+1)*float64(from.X)/float64(to.X)
	y0, y1 := float64(y)*float64(from.Y)/float64(to.Y), float64(y+1)*float64(from.Y)/float64(to.Y)
	for sy := int(y0); float64(sy) < y1; sy++ {
		for sx := int(x0); float64(sx) < x1; sx++ {
			part := (min(x1, float64(sx+1)) - max(x0, float64(sx))) * (min(y1, float64(sy+1)) - max(y0, float64(sy)))
			sum += part * float64(pix[min(sy, h-1)*w+min(sx, w-1)])
			ground += part
		}
	}
	return sum / ground
}

func TestScalerMeans(t *testing.T) {
	var s jpeg.Scaler
	from := image.Pt(123, 77)
	for format := jpeg.YUYV; format <= jpeg.I410; format++ {
		d := scene(from.X, from.Y, format)
		for _, to := range []image.Point{{122, 76}, {123, 40}, {100, 77}, {61, 38}, {41, 25}, {30, 30}, {9, 5}, {3, 2}, {1, 1}} {
			raw, err := s.Scale(d.in(format, 6), to.X, to.Y)
			if err != nil || raw.Format != planar(format) || raw.Width != to.X || raw.Height != to.Y {
				t.Fatalf("%s to %v: %s %dx%d, %v", format, to, raw.Format, raw.Width, raw.Height, err)
			}
			for i := range depth(format) {
				h, v := step(raw.Format, i)
				w, rows := d.size(i)
				for y := range up(to.Y, v) {
					for x := range up(to.X, h) {
						got, want := float64(raw.Planes[i][y*raw.Strides[i]+x]), covered(d.planes[i], w, rows, x, y, from, to)
						if math.Abs(got-want) > 2 {
							t.Fatalf("%s to %v: sample %d,%d of plane %d is %v, want %v", format, to, x, y, i, got, want)
						}
					}
				}
			}
		}
	}
}

// What is larger lies between its neighbours: a slope stays one, and what is even stays even.
func TestScalerEnlarges(t *testing.T) {
	pix := make([]byte, 40*30)
	for i := range pix {
		pix[i] = byte(10 + i%40*3 + i/40*2)
	}
	var s jpeg.Scaler
	for _, to := range []image.Point{{41, 30}, {80, 60}, {117, 31}, {400, 300}} {
		raw, err := s.Scale(jpeg.Grey.Raw(40, 30, 0, pix), to.X, to.Y)
		if err != nil {
			t.Fatal(err)
		}
		for y := range to.Y {
			for x := range to.X {
				at := func(i, from, to int) float64 {
					return max(0, min(float64(from-1), (float64(i)+0.5)*float64(from)/float64(to)-0.5))
				}
				want := 10 + 3*at(x, 40, to.X) + 2*at(y, 30, to.Y)
				if got := float64(raw.Planes[0][y*raw.Strides[0]+x]); math.Abs(got-want) > 1.5 {
					t.Fatalf("%v: sample %d,%d is %v, want %v", to, x, y, got, want)
				}
			}
		}
	}
}

func TestScalerKeepsWhatItCan(t *testing.T) {
	d := scene(40, 30, jpeg.YUYV).in(jpeg.YUYV, 2)
	d.Limited = true
	var s jpeg.Scaler
	same, err := s.Scale(d, 40, 30)
	if err != nil || same.Format != jpeg.YUYV || &same.Planes[0][0] != &d.Planes[0][0] || !same.Limited {
		t.Errorf("a picture of the size that is wanted is changed: %v", err)
	}
	if small, err := s.Scale(d, 20, 15); err != nil || !small.Limited {
		t.Errorf("the limited range is forgotten: %v", err)
	}
}

func TestScalerRefuses(t *testing.T) {
	whole := jpeg.I420.Raw(40, 30, 0, make([]byte, 40*30*3/2))
	short := jpeg.I420.Raw(40, 30, 0, make([]byte, 40*30))
	var s jpeg.Scaler
	for _, test := range []struct {
		raw           jpeg.Raw
		width, height int
		want          string
	}{
		{whole, 0, 30, "cannot be 0x30"}, {whole, 40, -1, "cannot be 40x-1"}, {whole, 65536, 2, "cannot be 65536x2"},
		{short, 20, 15, "has 0 bytes, needs 300"}, {jpeg.Raw{}, 20, 15, "cannot be 0x0"},
	} {
		if _, err := s.Scale(test.raw, test.width, test.height); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}

func TestScalerAllocatesNothing(t *testing.T) {
	for format := jpeg.YUYV; format <= jpeg.I410; format++ {
		d := scene(160, 120, format).in(format, 0)
		var s jpeg.Scaler
		if n := testing.AllocsPerRun(10, func() { s.Scale(d, 100, 75) }); n != 0 {
			t.Errorf("%s: %v allocations a picture", format, n)
		}
	}
}
