package jpeg_test

import (
	"image"
	"testing"

	"mjpegazer/stream/jpeg"
)

func TestCropKeepsSamples(t *testing.T) {
	for format := jpeg.YUYV; format <= jpeg.I410; format++ {
		d := scene(61, 47, format)
		raw := d.in(format, 4)
		for _, part := range []image.Rectangle{
			image.Rect(0, 0, 61, 47), image.Rect(8, 6, 40, 30), image.Rect(13, 9, 20, 47), image.Rect(-5, 45, 90, 90), image.Rect(60, 46, 61, 47),
		} {
			h, v := step(d.format, 1)
			want := part.Intersect(image.Rect(0, 0, 61, 47))
			want.Min.X, want.Min.Y = want.Min.X/h*h, want.Min.Y/v*v
			cropped := raw.Crop(part)
			if cropped.Width != want.Dx() || cropped.Height != want.Dy() {
				t.Fatalf("%s %v: %dx%d, want %v", format, part, cropped.Width, cropped.Height, want)
			}
			e := jpeg.Encoder{Quality: 100}
			got, strides := planes(decode(t, mustAppend(t, &e, cropped)))
			for i := range depth(format) {
				h, v := step(d.format, i)
				w, _ := d.size(i)
				for y := range up(want.Dy(), v) {
					for x := range up(want.Dx(), h) {
						a, b := got[i][y*strides[i]+x], d.planes[i][(want.Min.Y/v+y)*w+want.Min.X/h+x]
						if differ(a, b) > 5 {
							t.Fatalf("%s %v: sample %d,%d of plane %d is %d, was %d", format, part, x, y, i, a, b)
						}
					}
				}
			}
		}
	}
	raw := scene(16, 16, jpeg.I420).raw()
	if none := raw.Crop(image.Rect(16, 0, 20, 9)); none.Width != 0 || none.Height != 0 {
		t.Errorf("outside there are %dx%d", none.Width, none.Height)
	}
	raw.Planes[1] = nil
	if same := raw.Crop(image.Rect(2, 2, 4, 4)); same.Width != 16 {
		t.Errorf("of planes that are too short it made %d samples", same.Width)
	}
}

func TestTurnKeepsSamples(t *testing.T) {
	var s jpeg.Scaler
	for format := jpeg.YUYV; format <= jpeg.I410; format++ {
		d := scene(61, 47, format)
		for o := jpeg.Upright; o <= jpeg.Turned270; o++ {
			raw, err := s.Turn(d.in(format, 2), o)
			if err != nil {
				t.Fatal(err)
			}
			if w := []int{61, 47}[o/jpeg.Transposed]; raw.Width != w || raw.Height != 61+47-w {
				t.Fatalf("%s, orientation %d: %dx%d", format, o, raw.Width, raw.Height)
			}
			for y := range raw.Height {
				for x := range raw.Width {
					from := seen(o, x, y, 61, 47)
					if got, want := raw.Planes[0][y*raw.Strides[0]+x], d.planes[0][from.Y*61+from.X]; got != want {
						t.Fatalf("%s, orientation %d: sample %d,%d is %d, want %d", format, o, x, y, got, want)
					}
				}
			}
			for i := 1; i < depth(format); i++ {
				h, v := step(raw.Format, i)
				fromH, fromV := step(d.format, i)
				w, rows := d.size(i)
				for y := range up(raw.Height, v) {
					for x := range up(raw.Width, h) {
						scaleX, scaleY := fromH/h, fromV/v
						if o >= jpeg.Transposed {
							scaleX, scaleY = fromV/h, fromH/v
						}
						from := seen(o, x/scaleX, y/scaleY, w, rows)
						if got, want := raw.Planes[i][y*raw.Strides[i]+x], d.planes[i][from.Y*w+from.X]; got != want {
							t.Fatalf("%s, orientation %d: sample %d,%d of plane %d is %d, want %d", format, o, x, y, i, got, want)
						}
					}
				}
			}
		}
		raw := d.in(format, 0)
		if n := testing.AllocsPerRun(5, func() { s.Turn(raw, jpeg.Turned90) }); n != 0 {
			t.Errorf("%s: %v allocations a picture", format, n)
		}
	}
	if _, err := s.Turn(jpeg.Raw{}, jpeg.Turned90); err == nil {
		t.Error("a picture of no size is turned")
	}
}
