package jpeg_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"math"
	"testing"

	"mjpegazer/stream/jpeg"
)

func ExampleDecoder() {
	var e jpeg.Encoder
	picture, err := e.Append(nil, jpeg.Grey.Raw(640, 480, 0, make([]byte, 640*480)))
	if err != nil {
		fmt.Println(err)
		return
	}
	info, _, err := jpeg.Inspect(picture)
	if err != nil {
		fmt.Println(err)
		return
	}
	var d jpeg.Decoder
	small, err := d.Decode(picture, info.Scale(200, 150))
	fmt.Println(small.Format, small.Width, small.Height, err)
	// Output: Grey 320 240 <nil>
}

// samplings are of luma and both kinds of chroma, across and down: all that the standard knows with chroma of one sample,
// and some of the rest.
func samplings() (all [][3]image.Point) {
	for h := 1; h <= 4; h++ {
		for v := 1; v <= 4; v++ {
			all = append(all, [3]image.Point{{h, v}, {1, 1}, {1, 1}})
		}
	}
	return append(all, [3]image.Point{{2, 2}, {2, 1}, {2, 1}}, [3]image.Point{{2, 2}, {1, 2}, {1, 2}},
		[3]image.Point{{4, 2}, {2, 1}, {2, 1}}, [3]image.Point{{1, 1}, {2, 2}, {2, 2}}, [3]image.Point{{2, 1}, {1, 1}, {2, 1}},
		[3]image.Point{{3, 2}, {2, 1}, {2, 1}}, [3]image.Point{{2, 2}, {2, 2}, {1, 1}}, [3]image.Point{{2, 2}, {2, 2}, {2, 2}})
}

// sampled returns a picture of these samplings; nil: of grey.
func sampled(width, height int, s *[3]image.Point, quality int) *maker {
	m := &maker{width: width, height: height}
	for i := range m.steps {
		m.steps[i] = uint16(max(1, (10+i)*(100-quality)/50))
	}
	if s == nil {
		m.components = []made{{id: 1, h: 2, v: 2}}
	} else {
		for i, factors := range s {
			m.components = append(m.components, made{id: byte(i + 1), h: factors.X, v: factors.Y})
		}
	}
	for i := range m.components {
		noise := uint32(i)
		m.components[i].at = func(x, y int) uint8 {
			noise = noise*1664525 + 1013904223
			return uint8(128 + 70*math.Sin(float64(x*(i+2))/9+float64(y)/7) + float64((x/5+y/3)%2*30) + float64(noise>>27) - 31)
		}
	}
	return m
}

// expected returns the samples of a component in a picture of which it has h/wholeH × v/wholeV, at a scale.
func (m *maker) expected(component, x, y, formatH, formatV, scale int) float64 {
	c := &m.components[component]
	h, v := m.factors()
	x, y = x*formatH*c.h/h, y*formatV*c.v/v
	sum := 0
	for n := range scale * scale {
		sum += int(c.samples[(y*scale+n/scale)*8*c.across+x*scale+n%scale])
	}
	return float64(sum) / float64(scale*scale)
}

// step returns how many luma samples each sample of a component stands for in a format.
func step(f jpeg.Format, component int) (h, v int) {
	if component == 0 {
		return 1, 1
	}
	switch f {
	case jpeg.I420:
		return 2, 2
	case jpeg.I422:
		return 2, 1
	case jpeg.I440:
		return 1, 2
	case jpeg.I411:
		return 4, 1
	case jpeg.I410:
		return 4, 2
	}
	return 1, 1
}

// check compares what was decoded to what was made.
func (m *maker) check(t *testing.T, name string, raw jpeg.Raw, scale int, tolerance float64) {
	t.Helper()
	if raw.Width != up(m.width, scale) || raw.Height != up(m.height, scale) || depth(raw.Format) != len(m.components) {
		t.Fatalf("%s: 1/%d of %dx%d is %s %dx%d", name, scale, m.width, m.height, raw.Format, raw.Width, raw.Height)
	}
	for i := range m.components {
		h, v := step(raw.Format, i)
		for y := range up(raw.Height, v) {
			for x := range up(raw.Width, h) {
				got, want := float64(raw.Planes[i][y*raw.Strides[i]+x]), m.expected(i, x, y, h, v, scale)
				if math.Abs(got-want) > tolerance {
					t.Fatalf("%s at 1/%d as %s: sample %d,%d of component %d is %v, want %v", name, scale, raw.Format, x, y, i, got, want)
				}
			}
		}
	}
}

func TestDecoderOfAllSamplings(t *testing.T) {
	var d jpeg.Decoder
	all := []*[3]image.Point{nil}
	for _, s := range samplings() {
		all = append(all, &s)
	}
	both := 0
	for _, s := range all {
		for _, size := range []image.Point{{1, 1}, {67, 45}, {64, 32}} {
			for _, quality := range []int{10, 50, 90, 100} {
				for _, restart := range []int{0, 1, 3, 1000} {
					m := sampled(size.X, size.Y, s, quality)
					m.restart = restart
					name := fmt.Sprint(s, size, " quality ", quality, " restart ", restart)
					picture := m.picture()
					raw, err := d.Decode(picture, 1)
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					m.check(t, name, raw, 1, 1)
					if img, err := stdjpeg.Decode(bytes.NewReader(picture)); err == nil {
						both++
						same(t, name, &raw, img)
					}
					for _, scale := range []int{2, 4, 8} {
						if raw, err = d.Decode(picture, scale); err != nil {
							t.Fatalf("%s: %v", name, err)
						}
						m.check(t, name, raw, scale, 1)
					}
				}
			}
		}
	}
	if both < 300 {
		t.Errorf("image/jpeg reads only %d of these", both)
	}
}

// same compares a decoded picture to what image/jpeg makes of it.
func same(t *testing.T, name string, raw *jpeg.Raw, img image.Image) {
	t.Helper()
	ours, stride := planes(raw.Image())
	theirs, strides := planes(img)
	if raw.Image().Bounds() != img.Bounds() {
		t.Fatalf("%s: %v, to image/jpeg %v", name, raw.Image().Bounds(), img.Bounds())
	}
	for i := range depth(raw.Format) {
		h, v := step(raw.Format, i)
		for y := range up(raw.Height, v) {
			for x := range up(raw.Width, h) {
				if a, b := ours[i][y*stride[i]+x], theirs[i][y*strides[i]+x]; differ(a, b) > 1 {
					t.Fatalf("%s: sample %d,%d of plane %d is %d, to image/jpeg it is %d", name, x, y, i, a, b)
				}
			}
		}
	}
}

// Pictures that are unusual but right.
func TestDecoderOfVariations(t *testing.T) {
	of := image.Point{2, 2}
	for name, change := range map[string]func(*maker){
		"a scan for each component":     func(m *maker) { m.scans = [][]int{{0}, {1}, {2}} },
		"restarts in several scans":     func(m *maker) { m.scans, m.restart = [][]int{{0}, {2, 1}}, 5 },
		"extended sequential":           func(m *maker) { m.sof = 0xc1 },
		"quantization of 16 bits":       func(m *maker) { m.sof, m.wide, m.steps[63] = 0xc1, true, 1000 },
		"height in DNL":                 func(m *maker) { m.dnl = true },
		"without Huffman tables (AVI1)": func(m *maker) { m.noTables = true },
		"junk before the tables":        func(m *maker) { m.app = "hello\xff\x00\xff\xd3\xff\xff" + marked(0xfe, "a") + "\x00\xff\x02" },
		"progressive":                   func(m *maker) { m.sof = 0xc2 },
	} {
		t.Run(name, func(t *testing.T) {
			m := sampled(67, 45, &[3]image.Point{of, {1, 1}, {1, 1}}, 80)
			change(m)
			picture := m.picture()
			var d jpeg.Decoder
			for _, scale := range []int{1, 2} {
				raw, err := d.Decode(picture, scale)
				if err != nil || raw.Format != jpeg.I420 {
					t.Fatal(raw.Format, err)
				}
				if scale == 1 || m.sof != 0xc2 { // the last row of a picture of image/jpeg has no samples below it
					m.check(t, name, raw, scale, 1)
				}
			}
		})
	}
}

// RGB, and CMYK, are colours as image/jpeg sees them.
func TestDecoderOfOtherColours(t *testing.T) {
	adobe := func(transform byte) string {
		return "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + string(transform)
	}
	for name, m := range map[string]*maker{
		"RGB by Adobe": {app: adobe(0), components: []made{{id: 1}, {id: 2}, {id: 3}}},
		"RGB by name":  {components: []made{{id: 'R'}, {id: 'G'}, {id: 'B'}}},
		"CMYK":         {app: adobe(0), components: []made{{id: 1}, {id: 2}, {id: 3}, {id: 4}}},
		"YCCK":         {app: adobe(2), components: []made{{id: 1}, {id: 2}, {id: 3}, {id: 4}}},
	} {
		m.width, m.height = 40, 30
		for i := range m.steps {
			m.steps[i] = 1
		}
		for i := range m.components {
			c := &m.components[i]
			c.h, c.v = 1, 1
			c.at = func(x, y int) uint8 { return uint8(60 + 40*i + x + y) }
		}
		picture := m.picture()
		want := decode(t, picture)
		var d jpeg.Decoder
		for _, scale := range []int{1, 4} {
			raw, err := d.Decode(picture, scale)
			if err != nil {
				t.Fatal(name, err)
			}
			img := raw.Image()
			for _, at := range []image.Point{{0, 0}, {20, 12}, {36, 28}} {
				a := color.RGBAModel.Convert(img.At(at.X/scale, at.Y/scale)).(color.RGBA)
				b := color.RGBAModel.Convert(want.At(at.X+scale/3, at.Y+scale/3)).(color.RGBA)
				if max(differ(a.R, b.R), differ(a.G, b.G), differ(a.B, b.B)) > 3*scale {
					t.Errorf("%s at 1/%d: %v at %v, to image/jpeg %v", name, scale, a, at, b)
				}
			}
		}
	}
}

func TestDecoderAllocatesNothing(t *testing.T) {
	for _, s := range samplings() {
		m := sampled(160, 120, &s, 80)
		m.noTables = true
		picture := m.picture()
		for _, scale := range []int{1, 2, 4, 8} {
			var d jpeg.Decoder
			if n := testing.AllocsPerRun(5, func() { d.Decode(picture, scale) }); n != 0 {
				t.Errorf("%v at 1/%d: %v allocations a picture", s, scale, n)
			}
		}
	}
}
