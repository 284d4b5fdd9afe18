package paint_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"mjpegazer/source/internal/paint"
)

// A disc covers its edge as its distance from it says, small or large.
func TestDiscIsRound(t *testing.T) {
	for _, radius := range []float64{0.8, 3, 12.5, 100, 3000} {
		const cx, cy = 3500.3, 3400.8
		disc := paint.Disc(cx, cy, radius)
		for angle := 0.0; angle < 2*math.Pi; angle += 0.1 {
			for _, off := range []float64{-radius, -0.7, -0.4, -0.1, 0, 0.2, 0.45, 0.7, 9} {
				x := int(math.Round((cx + (radius+off)*math.Sin(angle)) * paint.Parts))
				y := int(math.Round((cy + (radius+off)*math.Cos(angle)) * paint.Parts))
				distance := math.Hypot(float64(x)/paint.Parts-cx, float64(y)/paint.Parts-cy)
				want := 255 * min(max(radius+0.5-distance, 0), 1)
				if got := float64(disc(x, y)); math.Abs(got-want) > 4 {
					t.Errorf("radius %v, %v from the edge: %v, want %v", radius, distance-radius, got, want)
				}
			}
		}
	}
}

func TestRingIsHollow(t *testing.T) {
	canvas := paint.NewCanvas(64, 64)
	canvas.Paint(canvas.Rect, paint.Everywhere, color.YCbCr{Y: 10, Cb: 128, Cr: 128})
	canvas.Paint(canvas.Rect, paint.Ring(32, 32, 20, 4), color.YCbCr{Y: 210, Cb: 20, Cr: 220})
	for _, test := range []struct {
		x, y int
		want uint8
	}{{32, 32, 10}, {32, 12, 210}, {52, 32, 210}, {32, 16, 10}, {32, 7, 10}, {46, 46, 210}} {
		if got := canvas.YCbCrAt(test.x, test.y); got.Y != test.want || (got.Cr > 200) != (test.want > 200) {
			t.Errorf("%d,%d is %v, want a luma of %d", test.x, test.y, got, test.want)
		}
	}
}

// A letter covers as much of its box whatever its size, and is black in the middle of its strokes unless it is tiny.
func TestLettersAreOfOneShape(t *testing.T) {
	for _, letter := range "0128:mW" {
		var first float64
		for _, width := range []int{8, 16, 50, 300} {
			box := image.Rect(0, 0, width, width*17/8)
			canvas := paint.NewCanvas(box.Dx(), box.Dy())
			canvas.Paint(box, paint.Everywhere, color.YCbCr{Y: 0, Cb: 128, Cr: 128})
			paint.NewLettering(float64(width)).Write(canvas.YCbCr, box, string(letter), 255, 0)
			sum, most := 0, uint8(0)
			for y := range box.Dy() {
				for x := range box.Dx() {
					v := canvas.Y[canvas.YOffset(x, y)]
					sum, most = sum+int(v), max(most, v)
				}
			}
			part := float64(sum) / 255 / float64(box.Dx()*box.Dy())
			if first == 0 {
				first = part
			}
			if part < 0.02 || math.Abs(part-first) > 0.03 || width > 8 && most < 220 {
				t.Errorf("%c, %d wide, covers %.3f of its box, %.3f where it is 8 wide; its darkest is %d", letter, width, part, first, most)
			}
		}
	}
}
