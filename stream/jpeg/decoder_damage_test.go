package jpeg_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"
	"testing"

	"mjpegazer/stream/jpeg"
)

// A picture that is cut gives the part there is, upon grey.
func TestDecoderOfCutPictures(t *testing.T) {
	m := sampled(67, 45, &[3]image.Point{{2, 2}, {1, 1}, {1, 1}}, 60)
	for _, m.restart = range []int{0, 4} {
		picture := m.picture()
		var d, fresh jpeg.Decoder
		whole, err := fresh.Decode(picture, 1)
		if err != nil {
			t.Fatal(err)
		}
		before := 0
		for cut := range picture {
			raw, err := d.Decode(picture[:cut], 1)
			if !errors.Is(err, jpeg.ErrBroken) {
				t.Fatalf("cut at %d: %v", cut, err)
			}
			right := 0
			for y := 0; y < raw.Height; y += 16 {
				for x := 0; x < raw.Width; x += 16 {
					at := y*raw.Strides[0] + x
					switch {
					case bytes.Equal(raw.Planes[0][at:][:16], whole.Planes[0][at:][:16]):
						right++
					case bytes.Count(raw.Planes[0][at:][:16], []byte{128}) != 16:
						t.Fatalf("cut at %d of %d: MCU at %d,%d is %v", cut, len(picture), x, y, raw.Planes[0][at:][:16])
					}
				}
			}
			if right < before-1 { // what is cut may look like the whole
				t.Errorf("cut at %d: %d MCUs, fewer than before", cut, right)
			}
			before = right
		}
		if before != 15 {
			t.Errorf("without EOI %d MCUs of 15 are there", before)
		}
	}
}

// TestResynchronization loses, repeats and damages restart intervals.
func TestResynchronization(t *testing.T) {
	m := sampled(160, 160, nil, 70) // 20x20 MCUs
	m.restart = 10
	picture := m.picture()
	var marks []int // of each restart marker
	for i, c := range picture[:len(picture)-1] {
		if c == 0xff && picture[i+1]&^7 == 0xd0 {
			marks = append(marks, i)
		}
	}
	part := func(from, to int) []byte { return picture[marks[from]:marks[to]] }
	zeros := append(slices.Clone(part(5, 6)[:4]), make([]byte, 30)...)
	for name, test := range map[string]struct {
		picture []byte
		grey    []int // intervals
	}{
		"one lost":           {join(picture[:marks[4]], picture[marks[5]:]), []int{5}},
		"three lost":         {join(picture[:marks[4]], picture[marks[7]:]), []int{5, 6, 7}},
		"the first lost":     {join(picture[:marks[0]-40], picture[marks[0]:]), []int{0}},
		"the last lost":      {join(picture[:marks[38]], "\xff\xd9"), []int{39}},
		"one repeated":       {join(picture[:marks[6]], part(5, 6), picture[marks[6]:]), nil},
		"nothing after mark": {join(picture[:marks[5]+2], picture[marks[6]:]), []int{6}},
		"cut in the middle":  {join(picture[:marks[5]+20], picture[marks[6]:]), []int{6}},
		"zeros":              {join(picture[:marks[5]], zeros, picture[marks[6]:]), []int{6}},
	} {
		t.Run(name, func(t *testing.T) {
			var d jpeg.Decoder
			raw, err := d.Decode(test.picture, 1)
			if !errors.Is(err, jpeg.ErrBroken) {
				t.Fatal(err)
			}
			for y := range 160 {
				for x := range 160 {
					interval := y/8*2 + x/80
					got, want := raw.Planes[0][y*raw.Strides[0]+x], uint8(m.expected(0, x, y, 1, 1, 1))
					if !slices.Contains(test.grey, interval) && differ(got, want) > 1 {
						t.Fatalf("sample %d,%d is %d, want %d", x, y, got, want)
					}
					if slices.Contains(test.grey, interval) && x%80 > 72 && got != 128 {
						t.Fatalf("sample %d,%d, which is lost, is %d", x, y, got)
					}
				}
			}
		})
	}
}

func TestDecoderRefuses(t *testing.T) {
	of := func(sof string, more ...string) []byte {
		return join("\xff\xd8\xff", sof, strings.Join(more, ""), "\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00", "data\xff\xd9")
	}
	for name, test := range map[string]struct {
		picture []byte
		kind    error
		want    string
	}{
		"nothing": {nil, jpeg.ErrBroken, "no SOI"},
		"65500²": {of("\xc0\x00\x0b\x08\xff\xdc\xff\xdc\x01\x01\x11\x00"), jpeg.ErrUnsupported,
			"65500x65500 is more than 100 million pixels"},
		"65500x2000 DNL": {of("\xc0\x00\x0b\x08\x00\x00\xff\xdc\x01\x01\x11\x00"), jpeg.ErrBroken, "65500x0"},
		"progressive": {of("\xc2\x00\x0b\x08\x20\x00\x20\x00\x01\x01\x11\x00"), jpeg.ErrUnsupported,
			"8192x8192, progressive or of four components, is more than 25"},
		"12 bits": {of("\xc1\x00\x0b\x0c\x00\x20\x00\x20\x01\x01\x11\x00"), jpeg.ErrUnsupported, "12 bits a sample"},
		"two components": {of("\xc0\x00\x0e\x08\x00\x20\x00\x20\x02\x01\x11\x00\x02\x11\x00"),
			jpeg.ErrUnsupported, "2 components"},
		"arithmetic":    {of("\xc9\x00\x0b\x08\x00\x20\x00\x20\x01\x01\x11\x00"), jpeg.ErrUnsupported, "arithmetic"},
		"lossless":      {of("\xc3\x00\x0b\x08\x00\x20\x00\x20\x01\x01\x11\x00"), jpeg.ErrUnsupported, "lossless"},
		"sampling of 5": {of("\xc0\x00\x0b\x08\x00\x20\x00\x20\x01\x01\x51\x00"), jpeg.ErrBroken, "frame header"},
		"no steps":      {of("\xc0\x00\x0b\x08\x00\x20\x00\x20\x01\x01\x11\x00"), jpeg.ErrBroken, "lacks a table"},
		"table of 17 codes of 4 bits": {of("\xc4\x00\x24\x00" + "\x00\x00\x00\x11" + strings.Repeat("\x00", 12) +
			"12345678901234567"), jpeg.ErrBroken, "Huffman"},
	} {
		var d jpeg.Decoder
		raw, err := d.Decode(test.picture, 1)
		if !errors.Is(err, test.kind) || !strings.Contains(fmt.Sprint(err), test.want) || raw.Width != 0 {
			t.Errorf("%s: %dx%d, %v, want %v: %s", name, raw.Width, raw.Height, err, test.kind, test.want)
		}
	}
	small := jpeg.Decoder{MaxPixels: 300}
	m := sampled(20, 16, nil, 50)
	if _, err := small.Decode(m.picture(), 8); !errors.Is(err, jpeg.ErrUnsupported) {
		t.Errorf("20x16 with a limit of 300: %v", err)
	}
	if _, err := small.Decode(m.picture(), 3); err == nil {
		t.Error("a scale of 1/3 is no error")
	}
}
