package jpeg_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	stdjpeg "image/jpeg"
	"strings"
	"testing"

	"mjpegazer/stream/jpeg"
)

// FuzzTransform holds that what is made of any bytes is a picture, of the size it must have, which a Transform changes no
// more; and that what is turned back is what it was.
func FuzzTransform(f *testing.F) {
	all := samplings()
	for i, s := range []*[3]image.Point{nil, &all[0], &all[5], &all[1], &all[9], &all[18]} {
		m := sampled(70+i, 33+i*7, s, 50)
		m.restart = i
		m.app = exifSegment([]binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian}[i%2], uint16(i), "thumbnail")
		f.Add(m.picture(), uint8(i), uint8(i*19), uint8(16), uint8(9), uint8(40), uint8(20))
	}
	f.Fuzz(func(t *testing.T, picture []byte, turn, quality, x, y, w, h uint8) {
		const limit = 1 << 18
		change := jpeg.Transform{MaxPixels: limit, Turn: jpeg.Orientation(turn % 9), Quality: int(quality % 101), Grey: turn > 127}
		change.Crop = image.Rect(int(x), int(y), int(x)+int(w), int(y)+int(h))
		b, err := change.Append(nil, picture)
		if err != nil && b != nil && !errors.Is(err, jpeg.ErrBroken) {
			t.Fatalf("%d bytes and %v", len(b), err)
		}
		if b == nil {
			return
		}
		info, end, wrong := jpeg.Inspect(b)
		if wrong != nil || end != len(b) {
			t.Fatalf("%+v, %d of %d bytes, %v", info, end, len(b), wrong)
		}
		d := jpeg.Decoder{MaxPixels: limit}
		raw, wrong := d.Decode(b, 1)
		if wrong != nil || raw.Width != info.Width || raw.Height != info.Height {
			t.Fatalf("%+v became %dx%d, %v", info, raw.Width, raw.Height, wrong)
		}
		if _, wrong := stdjpeg.Decode(bytes.NewReader(b)); wrong != nil && !strings.Contains(wrong.Error(), "subsampling ratio") &&
			!strings.Contains(wrong.Error(), "total sampling factors") {
			t.Fatalf("image/jpeg: %v", wrong)
		}
		same := jpeg.Transform{MaxPixels: limit}
		if again := mustTransform(t, &same, b); !bytes.Equal(again, b) {
			t.Fatalf("%d bytes, written again they are %d", len(b), len(again))
		}
		// Every side is a multiple of the largest MCU, so that it comes back.
		part := jpeg.Transform{MaxPixels: limit, Crop: image.Rect(0, 0, info.Width/96*96, info.Height/96*96)}
		if part.Crop.Empty() {
			return
		}
		b = mustTransform(t, &part, b)
		there := jpeg.Transform{MaxPixels: limit, Turn: jpeg.Turned90}
		back := jpeg.Transform{MaxPixels: limit, Turn: jpeg.Turned270}
		upright, err := jpeg.Upright.Append(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		upright = mustTransform(t, &same, upright)
		if again := mustTransform(t, &back, mustTransform(t, &there, upright)); !bytes.Equal(again, upright) {
			t.Fatalf("%d bytes, turned there and back %d", len(upright), len(again))
		}
	})
}
