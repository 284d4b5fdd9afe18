package jpeg_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"math"
	"slices"
	"strings"
	"testing"

	"mjpegazer/stream/jpeg"
)

// Quantized more coarsely, coefficients are those of the new steps.
func TestTransformRequantizes(t *testing.T) {
	m := sampled(64, 48, &[3]image.Point{{2, 2}, {1, 1}, {1, 1}}, 90)
	m.steps[5] = 300 // coarser than what is wanted: stays
	m.wide, m.sof = true, 0xc1
	picture := m.picture()
	e := jpeg.Encoder{Quality: 40}
	steps := quantization(mustAppend(t, &e, jpeg.I420.Raw(16, 16, 0, make([]byte, 384))))
	change := jpeg.Transform{Quality: 40}
	got := mustTransform(t, &change, picture)
	if len(got) > len(picture)/2 {
		t.Errorf("%d bytes of %d", len(got), len(picture))
	}

	// The same, written by hand: luma and chroma have different tables now, so one by one.
	for i := range 3 {
		one := maker{width: m.width, height: m.height, components: []made{m.components[i]}, wide: true, sof: 0xc1}
		if i > 0 {
			one.width, one.height = 32, 24
		}
		c := &one.components[0]
		c.h, c.v = 1, 1
		for natural := range one.steps {
			one.steps[natural] = max(m.steps[natural], steps[min(i, 1)][natural])
			for n := range c.blocks {
				v := float64(m.components[i].blocks[n][natural]) * float64(m.steps[natural]) / float64(one.steps[natural])
				c.blocks[n][natural] = int(math.Copysign(math.Ceil(math.Abs(v)-0.5), v))
			}
		}
		one.render()
		var d jpeg.Decoder
		raw, err := d.Decode(got, 1)
		if err != nil {
			t.Fatal(err)
		}
		for y := range one.height {
			for x := range one.width {
				if a, b := raw.Planes[i][y*raw.Strides[i]+x], c.samples[y*8*c.across+x]; differ(a, b) > 1 {
					t.Fatalf("component %d: sample %d,%d is %d, want %d", i, x, y, a, b)
				}
			}
		}
	}
}

// quantization reads the tables of a picture, in natural order.
func quantization(picture []byte) (steps [2][64]uint16) {
	for i := range steps {
		at := bytes.Index(picture, []byte{0xff, 0xdb, 0, 67, byte(i)}) + 5
		for k, natural := range zigzag {
			steps[i][natural] = uint16(picture[at+k])
		}
	}
	return steps
}

func TestTransformOfDamagedPictures(t *testing.T) {
	m := sampled(64, 48, &[3]image.Point{{2, 2}, {1, 1}, {1, 1}}, 60)
	picture := m.picture()
	change := jpeg.Transform{Turn: jpeg.Turned180}
	for cut := range picture {
		b, err := change.Append([]byte("before"), picture[:cut])
		if !errors.Is(err, jpeg.ErrBroken) || !bytes.HasPrefix(b, []byte("before")) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if len(b) > 6 {
			if size := decode(t, b[6:]).Bounds().Size(); size != image.Pt(64, 48) {
				t.Fatalf("cut at %d: %v", cut, size)
			}
		} else if cut > len(picture)-100 {
			t.Fatalf("cut at %d of %d: nothing", cut, len(picture))
		}
	}
}

func TestTransformRefuses(t *testing.T) {
	plain := sampled(40, 15, &[3]image.Point{{2, 2}, {1, 1}, {1, 1}}, 60)
	progressive := *plain
	progressive.sof = 0xc2
	rgb := *plain
	rgb.components = slices.Clone(plain.components)
	for i := range rgb.components {
		rgb.components[i].id = "RGB"[i]
	}
	for name, test := range map[string]struct {
		change  jpeg.Transform
		picture []byte
		kind    error
		want    string
	}{
		"progressive":    {jpeg.Transform{}, progressive.picture(), jpeg.ErrUnsupported, "progressive"},
		"no whole MCU":   {jpeg.Transform{Turn: jpeg.Flipped}, plain.picture(), jpeg.ErrUnsupported, "40x15 is too small"},
		"crop outside":   {jpeg.Transform{Crop: image.Rect(40, 0, 50, 9)}, plain.picture(), nil, "outside a picture of 40x15"},
		"quality 101":    {jpeg.Transform{Quality: 101}, plain.picture(), nil, "quality 101"},
		"grey of RGB":    {jpeg.Transform{Grey: true}, rgb.picture(), jpeg.ErrUnsupported, "luma"},
		"too large":      {jpeg.Transform{MaxPixels: 599}, plain.picture(), jpeg.ErrUnsupported, "40x15 is more than"},
		"nothing at all": {jpeg.Transform{}, nil, jpeg.ErrBroken, "no SOI"},
	} {
		b, err := test.change.Append([]byte("before"), test.picture)
		if err == nil || test.kind != nil && !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.want) || string(b) != "before" {
			t.Errorf("%s: %d bytes, %v, want %s", name, len(b), err, test.want)
		}
	}
}

func TestTransformAllocatesNothing(t *testing.T) {
	for _, s := range samplings() {
		m := sampled(160, 160, &s, 80)
		m.app = exifSegment(binary.BigEndian, 6, "thumbnail")
		picture := m.picture()
		change := jpeg.Transform{Turn: jpeg.Turned90, Crop: image.Rect(8, 8, 150, 150), Quality: 50}
		var out []byte
		if n := testing.AllocsPerRun(5, func() {
			var err error
			if out, err = change.Append(out[:0], picture); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations a picture", s, n)
		}
	}
}
