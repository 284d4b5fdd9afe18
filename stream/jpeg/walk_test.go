package jpeg_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"io"
	"slices"
	"strings"
	"testing"

	"mjpegazer/stream/jpeg"
)

// Pieces of pictures, in hexadecimal as T.81 writes them.
var (
	soi     = []byte{0xFF, 0xD8}
	eoi     = []byte{0xFF, 0xD9}
	tables  = []byte{0xFF, 0xC4, 0, 4, 1, 2} // DHT; the walk does not look inside
	frame   = []byte{0xFF, 0xC0, 0, 11, 8, 1, 2, 3, 4, 1, 1, 0x11, 0}
	scan    = []byte{0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0}
	comment = []byte{0xFF, 0xFE, 0, 10, 0xFF, 0xD9, 0xFF, 0xD8, 0xFF, 0xDA, 0, 0}
)

func join(pieces ...any) []byte {
	var all []byte
	for _, piece := range pieces {
		switch piece := piece.(type) {
		case []byte:
			all = append(all, piece...)
		case string:
			all = append(all, piece...)
		}
	}
	return all
}

func TestWalkFindsTheEnd(t *testing.T) {
	for name, whole := range map[string][]byte{
		"baseline":             join(soi, tables, frame, scan, "data", eoi),
		"no data":              join(soi, tables, frame, scan, eoi),
		"markers in a comment": join(soi, comment, tables, frame, comment, scan, "data", eoi),
		"fill bytes":           join(soi, "\xFF\xFF", tables, "\xFF", frame, scan, "data\xFF\xFF", eoi),
		"stuffing, restarts":   join(soi, tables, frame, scan, "a\xFF\x00b\xFF\xD0c\xFF\xD7\xFF\x00", eoi),
		"two scans":            join(soi, tables, frame, scan, "a", tables, scan, "b", comment, scan, eoi),
		"unstuffed":            join(soi, tables, frame, scan, "a\xFF\x0D\xFF\x01\xFF\xBF\xFF\xFD\xFF\xC8", eoi),
		"empty segment":        join(soi, "\xFF\xE0\x00\x02", tables, frame, scan, eoi),
		"lines counted later":  join(soi, tables, frame, scan, "a\xFF\xDC\x00\x04\x01\x02", eoi),
	} {
		t.Run(name, func(t *testing.T) {
			info, end, err := jpeg.Inspect(join(whole, "behind"))
			if err != nil || end != len(whole) || info.Width != 0x304 || info.Height != 0x102 {
				t.Errorf("%+v, %d of %d bytes, %v", info, end, len(whole), err)
			}
			if !bytes.HasPrefix(whole[info.Scan:], scan[:2]) || info.NoTables {
				t.Errorf("%+v", info)
			}
			for cut := range whole {
				if _, _, err := jpeg.Inspect(whole[:cut]); err != io.ErrUnexpectedEOF {
					t.Fatalf("cut at %d: %v", cut, err)
				}
			}
		})
	}
}

func TestWalkRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		broken []byte
		resume int
	}{
		"no SOI":              {join("JFIF"), 0},
		"rubbish behind SOI":  {join(soi, strings.Repeat("JFIF", 1025)), 2},
		"EOI before a scan":   {join(soi, tables, frame, eoi), 2 + len(tables) + 2},
		"scan without frame":  {join(soi, tables, scan, eoi), 2 + 2},
		"two frames":          {join(soi, frame, frame, scan, eoi), 2 + 2},
		"length of one":       {join(soi, "\xFF\xE0\x00\x01"), 2 + 2},
		"restarts":            {join(soi, tables, strings.Repeat("\xFF\xD0", 2049)), 2 + 2},
		"another picture":     {join(soi, tables, soi, frame), 2 + len(tables)},
		"cut, then another":   {join(soi, frame, scan, "data", soi), 2 + len(frame) + len(scan) + 4},
		"cut by a FF":         {join(soi, frame, scan, "data\xFF", soi), 2 + len(frame) + len(scan) + 5},
		"false length":        {join(soi, "\xFF\xE0\x00\x09", "123\xFF\xD867", "8"), 2 + 2},
		"text for a marker":   {join(soi, tables, strings.Repeat("\r\n--x", 1000)), 2 + 2},
		"frame without width": {join(soi, "\xFF\xC0\x00\x07\x08\x00\x01\x00\x00", scan, eoi), 2 + 2},
		"frame without bytes": {join(soi, "\xFF\xC0\x00\x02", scan, eoi), 2 + 2},
	} {
		t.Run(name, func(t *testing.T) {
			var w jpeg.Walk
			if n, err := w.Next(test.broken); err != jpeg.ErrBroken || w.Resume() != test.resume {
				t.Errorf("%v at %d, resume at %d, want %d", err, n, w.Resume(), test.resume)
			}
		})
	}
}

// A camera that counts its lines while it sends them writes 0 into the frame header, and DNL behind the first scan (B.2.5).
func TestInspectKnowsHeightOfDNL(t *testing.T) {
	frame := join(frame[:5], "\x00\x00", frame[7:])
	const dnl = "\xFF\xDC\x00\x04\x01\x23"
	for name, test := range map[string]struct {
		picture []byte
		height  int
	}{
		"DNL":                 {join(soi, tables, frame, scan, "data", dnl, eoi), 0x123},
		"DNL, another scan":   {join(soi, tables, frame, scan, "data", dnl, scan, "data", eoi), 0x123},
		"no DNL":              {join(soi, tables, frame, scan, "data", eoi), 0},
		"DNL without a value": {join(soi, tables, frame, scan, "data\xFF\xDC\x00\x02", eoi), 0},
		"a second DNL":        {join(soi, tables, frame, scan, "data", dnl, scan, "\xFF\xDC\x00\x04\x01\x24", eoi), 0x123},
	} {
		info, end, err := jpeg.Inspect(test.picture)
		if err != nil || end != len(test.picture) || info.Width != 0x304 || info.Height != test.height {
			t.Errorf("%s: %+v, %v, want height %d", name, info, err, test.height)
		}
	}
}

func TestScaleOfInfo(t *testing.T) {
	info := jpeg.Info{Width: 1920, Height: 1080}
	for _, test := range []struct{ width, height, want int }{
		{1920, 1080, 1}, {3000, 10, 1}, {961, 10, 1}, {960, 540, 2}, {960, 541, 1}, {480, 270, 4}, {481, 270, 2}, {240, 135, 8}, {0, 0, 8},
	} {
		if got := info.Scale(test.width, test.height); got != test.want {
			t.Errorf("to %dx%d: 1/%d, want 1/%d", test.width, test.height, got, test.want)
		}
	}
	if got := (jpeg.Info{Width: 1919, Height: 1079}).Scale(960, 540); got != 2 {
		t.Errorf("halves are rounded up: 1/%d", got)
	}
}

func TestInspectKnowsMissingTables(t *testing.T) {
	for name, test := range map[string]struct {
		picture []byte
		missing bool
	}{
		"with":       {join(soi, tables, frame, scan, eoi), false},
		"without":    {join(soi, frame, scan, eoi), true},
		"too late":   {join(soi, frame, scan, tables, scan, eoi), true},
		"arithmetic": {join(soi, "\xFF\xC9", frame[2:], scan, eoi), false},
	} {
		if info, _, err := jpeg.Inspect(test.picture); err != nil || info.NoTables != test.missing {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
	}
}

func TestWalkAllocatesNothing(t *testing.T) {
	whole := join(soi, tables, frame, scan, bytes.Repeat([]byte("data\xFF\x00"), 1000), eoi)
	if n := testing.AllocsPerRun(100, func() { jpeg.Inspect(whole) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzWalk cuts arbitrary bytes in three: the walk must say the same of the pieces as of the whole, and go on behind where
// it was.
func FuzzWalk(f *testing.F) {
	var real bytes.Buffer
	if err := stdjpeg.Encode(&real, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(real.Bytes(), uint16(7), uint16(50))
	f.Add(join(soi, comment, tables, frame, scan, "a\xFF\x00b\xFF\xD0c", tables, scan, eoi, "behind"), uint16(3), uint16(30))
	f.Add(join(soi, frame, scan, "data\xFF", soi, frame), uint16(20), uint16(21))
	f.Fuzz(func(t *testing.T, data []byte, first, second uint16) {
		var whole, pieces jpeg.Walk
		n, err := whole.Next(data)
		a := min(int(first), len(data))
		b := min(a+int(second), len(data))
		total, pieceErr := 0, error(nil)
		for _, piece := range [][]byte{data[:a], data[a:b], data[b:]} {
			var m int
			m, pieceErr = pieces.Next(piece)
			total += m
			if pieceErr != nil {
				break
			}
		}
		if total != n || !errors.Is(pieceErr, err) || pieces.Info != whole.Info || pieces.Resume() != whole.Resume() {
			t.Fatalf("%d %v %+v at once, %d %v %+v in pieces", n, err, whole, total, pieceErr, pieces)
		}
		switch {
		case err == nil && n != len(data), err == io.EOF && !bytes.Equal(data[n-2:n], eoi):
			t.Fatalf("%d of %d bytes, %v", n, len(data), err)
		case err == jpeg.ErrBroken && whole.Resume() > n, err != nil && len(data) > 2 && bytes.HasPrefix(data, soi) && whole.Resume() < 2:
			t.Fatalf("broken at %d, resume at %d", n, whole.Resume())
		}
		if info := whole.Info; err == io.EOF && (info.Width == 0 || info.Scan < 2 || data[info.Scan] != 0xFF || data[info.Scan+1] != 0xDA) {
			t.Fatalf("%+v", info)
		}
	})
}

func ExampleInspect() {
	picture := join(soi, frame, scan, "data", eoi)
	info, end, err := jpeg.Inspect(append(picture, "padding"...))
	fmt.Printf("%dx%d, %d bytes, without Huffman tables: %v, %v\n", info.Width, info.Height, end, info.NoTables, err)
	// Output: 772x258, 31 bytes, without Huffman tables: true, <nil>
}

// Some cameras leave garbage between segments, as decoders pass over.
func TestWalkPassesOverJunk(t *testing.T) {
	head := []any{soi, tables, frame, scan}
	for name, junk := range map[string]string{
		"a zero": "\x00", "two": "\x00\x00", "text": "hello", "a stuffed FF": "\xFF\x00", "a restart": "\xFF\xD0", "many": strings.Repeat("\x03\x0A", 304),
		"an unknown marker": "\xFF\x02", "the last of a marker": "\xFF\xFF\xFF\x01",
	} {
		for at := 1; at < len(head); at++ {
			pieces := slices.Concat(head[:at], []any{junk}, head[at:], []any{"data", eoi})
			whole := join(pieces...)
			info, end, err := jpeg.Inspect(whole)
			if err != nil || end != len(whole) || info.Width == 0 {
				t.Errorf("%s before segment %d: %d of %d bytes, %+v, %v", name, at, end, len(whole), info, err)
			}
		}
	}
}

// A picture that was cut inside a segment, whose length then swallows the beginning of the next, does not become one with it.
func TestWalkDoesNotJoinPictures(t *testing.T) {
	next := join(soi, tables, frame, scan, "data", eoi)
	for cut := 5; cut < len(tables); cut++ {
		data := join(soi, tables[:cut], next)
		var w jpeg.Walk
		if n, err := w.Next(data); err != jpeg.ErrBroken || w.Resume() > 2+cut {
			t.Errorf("cut at %d: %v at %d, resume at %d", cut, err, n, w.Resume())
		}
	}
}
