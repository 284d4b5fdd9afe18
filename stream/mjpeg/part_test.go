package mjpeg_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"testing"

	"mjpegazer/stream/mjpeg"
)

// indexed is a picture with an MP index (CIPA DC-007) that tells of the others, which follow it.
func indexed(one []byte, others ...[]byte) []byte {
	build := func(length int) []byte {
		b := append([]byte("MPF\x00MM\x00*"), 0, 0, 0, 8, 0, 1) // big endian, the IFD follows, one entry
		b = append(b, 0xB0, 0x02, 0, 7)
		b = binary.BigEndian.AppendUint32(b, uint32(16*(1+len(others))))
		b = binary.BigEndian.AppendUint32(b, 26) // behind the entry and the offset of the next IFD
		b = append(b, 0, 0, 0, 0)
		b = append(b, 0, 3, 0, 0)
		b = binary.BigEndian.AppendUint32(b, uint32(length))
		b = append(b, make([]byte, 8)...)
		start := length - 10 // the header lies 10 bytes behind the SOI
		for _, other := range others {
			b = append(b, 0, 0, 0, 0)
			b = binary.BigEndian.AppendUint32(b, uint32(len(other)))
			b = binary.BigEndian.AppendUint32(b, uint32(start))
			b = append(b, 0, 0, 0, 0)
			start += len(other)
		}
		head := binary.BigEndian.AppendUint16([]byte{0xFF, 0xD8, 0xFF, 0xE2}, uint16(len(b)+2))
		return slices.Concat(head, b, one[2:])
	}
	return build(len(build(0)))
}

// framed is one part, with its length or without it.
func framed(length bool, pictures ...[]byte) []byte {
	body := bytes.Join(pictures, nil)
	head := "--x\r\nContent-Type: image/jpeg\r\n"
	if length {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	return slices.Concat([]byte(head+"\r\n"), body, []byte("\r\n"))
}

func TestReaderTakesThePartsFirstPicture(t *testing.T) {
	a, b, c := picture(1, 64, 48), picture(2, 64, 48), picture(3, 64, 48)
	eye, small := picture(4, 64, 48), picture(5, 16, 16)
	ia, ib := indexed(a, eye, small), indexed(b, eye, small)
	stripped := indexed(a, eye) // the index is all that is left of the eye
	for name, test := range map[string]struct{ stream, want [][]byte }{
		"length, preview":           {[][]byte{framed(true, a, small), framed(true, b, small)}, [][]byte{a, b}},
		"length, the other eye":     {[][]byte{framed(true, a, eye), framed(true, b, eye)}, [][]byte{a, b}},
		"delimiter, preview":        {[][]byte{framed(false, a, small), framed(false, b, small), framed(false, c)}, [][]byte{a, b, c}},
		"delimiter, larger":         {[][]byte{framed(false, small, a), framed(false, small, b)}, [][]byte{small, small}},
		"delimiter, index":          {[][]byte{framed(false, ia, eye, small), framed(false, ib, eye, small)}, [][]byte{ia, ib}},
		"nothing, index":            {[][]byte{ia, eye, small, ib, eye, small}, [][]byte{ia, ib}},
		"index alone":               {[][]byte{stripped, ib, stripped}, [][]byte{stripped, ib, stripped}},
		"one, then another eye":     {[][]byte{framed(false, a), framed(false, b), framed(false, c, eye)}, [][]byte{a, b, c}},
		"several in a part":         {[][]byte{framed(false, a, b, c), framed(false, b, a)}, [][]byte{a, b, c, b, a}},
		"one part for all":          {[][]byte{framed(false, a, b, small, c, small)}, [][]byte{a, b, small, c, small}},
		"nothing, another size":     {[][]byte{a, small, small, b}, [][]byte{a, small, small, b}},
		"a false length, no others": {[][]byte{[]byte("--x\r\nContent-Length: 9999999\r\n\r\n"), a, b, a, b, c, a}, [][]byte{a, c, a}},
	} {
		t.Run(name, func(t *testing.T) {
			got, damaged := readAll(t, bytes.NewReader(bytes.Join(test.stream, nil)), 0)
			same(t, got, test.want)
			if damaged > 0 {
				t.Errorf("%d damaged", damaged)
			}
		})
	}
}

func TestReaderOfABodyTakesItsFirstPicture(t *testing.T) {
	a, eye, small := picture(1, 64, 48), picture(2, 64, 48), picture(3, 16, 16)
	for name, body := range map[string][]byte{"preview": bytes.Join([][]byte{a, []byte("trailer"), small}, nil), "eye": slices.Concat(a, eye), "larger": slices.Concat(a, picture(4, 80, 64))} {
		r := mjpeg.NewReader(nil, 0)
		for range 2 {
			r.ResetBody(bytes.NewReader(body), len(body))
			part, err := r.Next()
			if err != nil || !bytes.Equal(part.JPEG, a) {
				t.Fatalf("%s: %d bytes, %v", name, len(part.JPEG), err)
			}
			if _, err := r.Next(); err != io.EOF {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// A camera that never sends EOI is known by its second picture. One picture that lost its end is damaged, as one that was cut.
func TestReaderEndsPicturesWithoutEOI(t *testing.T) {
	a, b, c := picture(1, 64, 48), picture(2, 64, 48), picture(3, 64, 48)
	open := func(p []byte) []byte { return p[:len(p)-2] }
	half := func(p []byte) []byte { return p[:len(p)*2/3] }
	for _, length := range []bool{true, false} {
		for name, test := range map[string]struct {
			pictures, want [][]byte
			damaged        int
		}{
			"never": {[][]byte{open(a), open(b), open(c), open(a)}, [][]byte{b, c}, 2}, // the last one's part has no end
			"once":  {[][]byte{a, open(b), c, open(a), c, a}, [][]byte{a, c, c, a}, 2},
			"cut":   {[][]byte{half(a), half(b), half(c), a, b}, [][]byte{a, b}, 3},
			"both":  {[][]byte{open(a), open(b), half(c), open(a), half(b), open(c), a}, [][]byte{b, a, c, a}, 3},
		} {
			t.Run(fmt.Sprint(name, ", length ", length), func(t *testing.T) {
				var all []byte
				for _, p := range test.pictures {
					all = append(all, framed(length, p)...)
				}
				if length && name == "never" {
					test.want, test.damaged = [][]byte{b, c, a}, 1
				}
				got, damaged := readAll(t, bytes.NewReader(all), 0)
				same(t, got, test.want)
				if damaged != test.damaged {
					t.Errorf("%d damaged, want %d", damaged, test.damaged)
				}
			})
		}
	}
	r := mjpeg.NewReader(nil, 0)
	for i, want := range []bool{false, true, true} { // as single pictures
		r.ResetBody(bytes.NewReader(open(a)), 0)
		part, err := r.Next()
		if got := err == nil; got != want || got && !bytes.Equal(part.JPEG, a) {
			t.Errorf("picture %d: %d bytes, %v", i, len(part.JPEG), err)
		}
		if i == 0 && !r.Unended() {
			t.Error("one picture without EOI is not enough to know, and it is said to be")
		}
	}
	r.ResetBody(bytes.NewReader(half(a)), len(a)) // broken off
	if part, err := r.Next(); err == nil {
		t.Errorf("half a picture was returned, %d bytes", len(part.JPEG))
	}
}

// A whole picture that follows a damaged one is that of its own part, whatever the damaged one has swallowed.
func TestReaderAfterADamagedPicture(t *testing.T) {
	a, b, c, small := picture(1, 64, 48), picture(2, 64, 48), picture(3, 64, 48), picture(4, 16, 16)
	open := func(p []byte) []byte { return p[:len(p)-2] }
	for _, length := range []bool{true, false} {
		stream := slices.Concat(framed(length, a), framed(length, b), framed(length, open(c)), framed(length, a, small), framed(length, b))
		got, damaged := readAll(t, bytes.NewReader(stream), 0)
		same(t, got, [][]byte{a, b, a, b})
		if damaged != 1 {
			t.Errorf("%d damaged", damaged)
		}
	}
}

// What follows the picture of a part is padding, also where it is not whole.
func TestReaderMindsNoDamageInPadding(t *testing.T) {
	a, b, eye := picture(1, 64, 48), picture(2, 64, 48), picture(3, 64, 48)
	stream := slices.Concat(framed(true, a, eye[:300]), framed(true, b), framed(false, indexed(a, eye), eye[:300]), framed(true, b))
	got, damaged := readAll(t, bytes.NewReader(stream), 0)
	same(t, got, [][]byte{a, b, indexed(a, eye), b})
	if damaged > 0 {
		t.Errorf("%d damaged", damaged)
	}
}

// Once it is known that there is no EOI, a picture whose length is given does not wait for the next delimiter.
func TestReaderReturnsAPictureWithoutEOIAtItsLength(t *testing.T) {
	in, out := io.Pipe()
	defer in.Close()
	a := picture(1, 64, 48)
	one := framed(true, a[:len(a)-2])
	go func() {
		out.Write(bytes.Repeat(one, 2))
		out.Write(append(one, "--x"...)) // and nothing more, ever
	}()
	r := mjpeg.NewReader(in, 0)
	for i := range 2 {
		if part, err := r.Next(); err != nil || !bytes.Equal(part.JPEG, a) {
			t.Fatalf("picture %d: %d bytes, %v", i, len(part.JPEG), err)
		}
	}
}

// Garbage between SOI and the first segment hides no picture where one must begin; more than decoders pass over makes a damaged one.
func TestReaderKnowsWhereAPictureBegins(t *testing.T) {
	a, small := picture(1, 64, 48), picture(2, 64, 48)
	garbage := func(p []byte, n int) []byte { return slices.Concat(p[:2], bytes.Repeat([]byte{0}, n), p[2:]) }
	odd := garbage(a, 1)
	for name, test := range map[string]struct {
		stream  []byte
		want    int
		damaged int
	}{
		"length":    {slices.Concat(framed(true, odd), framed(true, odd)), 2, 0},
		"delimiter": {slices.Concat(framed(false, odd), framed(false, odd)), 2, 0},
		"bare":      {slices.Concat(odd, odd, odd), 3, 0},
		"line ends": {slices.Concat(odd, []byte("\r\n\r\n"), odd), 2, 0},
		"elsewhere": {slices.Concat(odd, []byte("garbage"), odd, []byte("\r\n")), 1, 0},
		"too much":  {slices.Concat(framed(true, odd), framed(true, slices.Concat(small[:20], make([]byte, 5000), small[20:])), framed(true, odd)), 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, damaged := readAll(t, bytes.NewReader(test.stream), 0)
			same(t, got, slices.Repeat([][]byte{odd}, test.want))
			if damaged != test.damaged {
				t.Errorf("%d damaged, want %d", damaged, test.damaged)
			}
		})
	}
}
