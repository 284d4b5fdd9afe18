package jpeg_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"strings"
	"testing"

	"mjpegazer/stream/jpeg"
)

func ExampleOrientation_Append() {
	var e jpeg.Encoder
	picture, err := e.Append(nil, jpeg.Grey.Raw(16, 16, 0, make([]byte, 256)))
	if err != nil {
		fmt.Println(err)
		return
	}
	turn := jpeg.OrientationOf(picture).Then(jpeg.Turned90)
	turned, err := turn.Append(nil, picture)
	fmt.Println(len(turned)-len(picture), jpeg.OrientationOf(turned) == jpeg.Turned90, err)
	// Output: 36 true <nil>
}

// exifSegment returns an Exif segment with an orientation and, if it has bytes, a thumbnail.
func exifSegment(order binary.AppendByteOrder, orientation uint16, thumbnail string) string {
	b := []byte("II*\x00")
	if order == binary.BigEndian {
		b = []byte("MM\x00*")
	}
	field := func(tag, kind uint16, value uint32) {
		b = order.AppendUint16(order.AppendUint16(b, tag), kind)
		if b = order.AppendUint32(b, 1); kind == 3 {
			b = order.AppendUint16(order.AppendUint16(b, uint16(value)), 0)
		} else {
			b = order.AppendUint32(b, value)
		}
	}
	b = order.AppendUint32(b, 10) // behind two bytes of nothing
	b = order.AppendUint16(append(b, 0, 0), 2)
	field(0x0100, 4, 640)
	field(0x0112, 3, uint32(orientation))
	if thumbnail == "" {
		b = order.AppendUint32(b, 0)
	} else {
		b = order.AppendUint32(b, 40)
		b = order.AppendUint16(b, 2)
		field(0x0201, 4, 70)
		field(0x0202, 4, uint32(len(thumbnail)))
		b = append(order.AppendUint32(b, 0), thumbnail...)
	}
	return marked(0xe1, "Exif\x00\x00"+string(b))
}

func marked(marker byte, data string) string {
	return string(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(data)))) + data
}

func TestOrientationsFollowEachOther(t *testing.T) {
	const w, h = 5, 3
	for a := jpeg.Upright; a <= jpeg.Turned270; a++ {
		for b := jpeg.Upright; b <= jpeg.Turned270; b++ {
			mw, mh := w, h // of the picture as a shows it
			if a >= jpeg.Transposed {
				mw, mh = h, w
			}
			ow, oh := mw, mh
			if b >= jpeg.Transposed {
				ow, oh = mh, mw
			}
			for y := range oh {
				for x := range ow {
					middle := seen(b, x, y, mw, mh)
					want := seen(a, middle.X, middle.Y, w, h)
					if got := seen(a.Then(b), x, y, w, h); got != want {
						t.Fatalf("%d then %d is not %d: %v, want %v", a, b, a.Then(b), got, want)
					}
				}
			}
		}
	}
}

func TestOrientationIsSetInPlace(t *testing.T) {
	m := sampled(20, 30, nil, 50)
	plain := m.picture()
	if jpeg.OrientationOf(plain) != jpeg.Upright {
		t.Error("a picture without Exif is not upright")
	}
	for name, app := range map[string]string{
		"nothing":       "",
		"JFIF":          marked(0xe0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
		"little endian": exifSegment(binary.LittleEndian, 3, ""),
		"big endian":    marked(0xe0, "AVI1") + marked(0xfe, "comment") + exifSegment(binary.BigEndian, 8, "thumbnail"),
		"an empty Exif": marked(0xe1, "Exif\x00\x00II*\x00\xff\xff\xff\xff"),
		"zero":          exifSegment(binary.BigEndian, 0, ""),
	} {
		m.app = app
		picture := m.picture()
		more := 36
		if strings.Contains(app, "\x01\x12") || strings.Contains(app, "\x12\x01") {
			more = 0
		}
		for o := jpeg.Upright; o <= jpeg.Turned270; o++ {
			turned, err := o.Append([]byte("before"), picture)
			if err != nil || len(turned) != 6+len(picture)+more || !bytes.HasPrefix(turned, []byte("before\xff\xd8")) {
				t.Fatalf("%s: %d bytes of %d, %v", name, len(turned)-6, len(picture), err)
			}
			turned = turned[6:]
			if got := jpeg.OrientationOf(turned); got != o {
				t.Errorf("%s: %d was set, it is %d", name, o, got)
			}
			if _, end, err := jpeg.Inspect(turned); err != nil || end != len(turned) {
				t.Errorf("%s: %v", name, err)
			}
			again, err := o.Then(jpeg.Turned90).Append(nil, turned)
			if err != nil || len(again) != len(turned) || jpeg.OrientationOf(again) != o.Then(jpeg.Turned90) {
				t.Errorf("%s: %d bytes became %d when it is set again, %v", name, len(turned), len(again), err)
			}
			if app != "" && strings.HasPrefix(name, "JFIF") && !bytes.HasPrefix(turned[2:], []byte(app)) {
				t.Errorf("%s is not the first segment", name)
			}
		}
	}
	if b, err := jpeg.Turned90.Append([]byte("before"), []byte("no JPEG")); !errors.Is(err, jpeg.ErrBroken) || string(b) != "before" {
		t.Errorf("%q, %v", b, err)
	}
}

// A thumbnail would show the picture as it was, and readers that look for the first EOI would end there.
func TestTransformKeepsSegmentsButThumbnails(t *testing.T) {
	const secret = "\xff\xd8thumbnail\xff\xd9"
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		m := sampled(32, 16, &[3]image.Point{{2, 1}, {1, 1}, {1, 1}}, 50)
		icc := marked(0xe2, "ICC_PROFILE\x00\x01\x01profile") + marked(0xfe, "comment") + marked(0xee, "Adobe\x00\x64\x00\x00\x00\x00\x01")
		m.app = marked(0xe0, "JFIF\x00\x01\x01\x01\x00\x48\x00\x60\x01\x01abc") + marked(0xe0, "JFXX\x00\x10"+secret) +
			exifSegment(order, 6, secret) + marked(0xe2, "MPF\x00pictures behind") + icc
		change := jpeg.Transform{Turn: jpeg.Turned90}
		turned := mustTransform(t, &change, m.picture())
		// Turned by 90° as it is shown, by 180° as it is.
		if info, _, err := jpeg.Inspect(turned); err != nil || info.Width != 32 || info.Height != 16 {
			t.Errorf("%+v, %v", info, err)
		}
		want := "\xff\xd8" + marked(0xe0, "JFIF\x00\x01\x01\x01\x00\x48\x00\x60\x00\x00") + exifSegment(order, 1, "")[:36]
		if !bytes.HasPrefix(turned, []byte(want[:20])) || bytes.Contains(turned, []byte("thumb")) || bytes.Contains(turned, []byte("MPF")) {
			t.Errorf("%q", turned[:200])
		}
		if !bytes.Contains(turned, []byte(icc)) {
			t.Errorf("%q is not kept", icc)
		}
		if bytes.Count(turned, []byte("\xff\xd9")) != 1 || jpeg.OrientationOf(turned) != jpeg.Upright {
			t.Errorf("orientation %d, %d EOI", jpeg.OrientationOf(turned), bytes.Count(turned, []byte("\xff\xd9")))
		}

		grey := jpeg.Transform{Grey: true}
		if b := mustTransform(t, &grey, m.picture()); jpeg.OrientationOf(b) != jpeg.Turned90 {
			t.Errorf("what is not turned has orientation %d", jpeg.OrientationOf(b))
		}
		swapped := jpeg.Transform{Turn: jpeg.Upright}
		if b := mustTransform(t, &swapped, m.picture()); !bytes.HasPrefix(b[6:], []byte("JFIF\x00\x01\x01\x01\x00\x60\x00\x48\x00\x00\xff")) {
			t.Errorf("the density is not turned: %q", b[:30])
		}
	}
}
