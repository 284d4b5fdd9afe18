package test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"strconv"
	"time"
)

// The stamp stands in a comment right behind SOI, always as long, so that it is read without looking at the rest.
const (
	stampFormat = "picture %010d taken %020d "
	stampOffset = 6 // behind SOI, COM and the comment's length
	stampLength = 8 + 10 + 7 + 20 + 1
)

// pictures are JPEGs that differ in their stamp alone: a number and the time at which they were taken. Who knows the
// template and reads the stamp can tell whether a picture is bit for bit the one that was sent.
type pictures struct{ template []byte }

// pictureOf makes pictures that look like m.
func pictureOf(m image.Image) pictures {
	var encoded bytes.Buffer
	if err := jpeg.Encode(&encoded, m, &jpeg.Options{Quality: 75}); err != nil {
		panic(err)
	}
	comment := append([]byte{0xFF, 0xFE, 0, 2 + stampLength}, make([]byte, stampLength)...)
	return pictures{bytes.Join([][]byte{{0xFF, 0xD8}, comment, encoded.Bytes()[2:]}, nil)}
}

// picturesOf makes pictures of exactly size bytes, nearly all of them entropy-coded: noise, which no reader can skip.
func picturesOf(size int) pictures {
	const width = 320
	perRow := len(noise(width, 64).template) / 64
	for height := size / perRow; ; height -= 8 {
		p := noise(width, max(height, 8))
		if missing := size - len(p.template); missing == 0 || missing >= 4 {
			p.pad(missing)
			return p
		}
	}
}

func noise(width, height int) pictures {
	m := image.NewGray(image.Rect(0, 0, width, height))
	random := rand.NewChaCha8([32]byte{1})
	random.Read(m.Pix)
	return pictureOf(m)
}

// pad lengthens the template by n bytes of comments behind the stamp.
func (p *pictures) pad(n int) {
	const most = 0xFFFF + 2
	var padding []byte
	for n > 0 {
		size := min(n, most)
		if rest := n - size; rest > 0 && rest < 4 {
			size -= 4
		}
		padding = append(padding, 0xFF, 0xFE, byte((size-2)>>8), byte(size-2))
		padding = append(padding, make([]byte, size-4)...)
		n -= size
	}
	behind := stampOffset + stampLength
	p.template = bytes.Join([][]byte{p.template[:behind], padding, p.template[behind:]}, nil)
}

// take returns picture n, taken at the given time.
func (p pictures) take(n int, at time.Time) []byte {
	picture := bytes.Clone(p.template)
	stamp(picture, n, at)
	return picture
}

func stamp(picture []byte, n int, at time.Time) {
	copy(picture[stampOffset:], fmt.Sprintf(stampFormat, n, at.UnixNano()))
}

// readStamp returns a picture's number and the time at which it was taken; it needs no more than the first bytes.
func readStamp(picture []byte) (n int, taken time.Time, err error) {
	if len(picture) < stampOffset+stampLength {
		return 0, time.Time{}, fmt.Errorf("a picture of %d bytes has no room for a stamp", len(picture))
	}
	text := string(picture[stampOffset : stampOffset+stampLength])
	n, wrongNumber := strconv.Atoi(text[8:18])
	nanoseconds, wrongTime := strconv.ParseInt(text[25:45], 10, 64)
	if err := errors.Join(wrongNumber, wrongTime); err != nil {
		return 0, time.Time{}, fmt.Errorf("stamp %q: %w", text, err)
	}
	return n, time.Unix(0, nanoseconds), nil
}

// check returns the number of a picture that is bit for bit one of p, and an error for any other.
func (p pictures) check(picture []byte) (n int, err error) {
	n, taken, err := readStamp(picture)
	if err != nil {
		return 0, err
	}
	if !bytes.Equal(picture, p.take(n, taken)) {
		return 0, fmt.Errorf("picture %d, %d bytes, is not what the camera sent", n, len(picture))
	}
	return n, nil
}

// swatches are colours that stay apart from each other through JPEG and a browser's canvas.
var swatches = []color.RGBA{{200, 0, 0, 255}, {0, 160, 0, 255}, {0, 0, 220, 255}, {230, 230, 0, 255}, {230, 230, 230, 255}}

// swatch takes picture n in the plain colour n.
func swatch(n int, at time.Time) []byte {
	m := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for i := 0; i < len(m.Pix); i += 4 {
		c := swatches[n%len(swatches)]
		copy(m.Pix[i:], []byte{c.R, c.G, c.B, c.A})
	}
	return pictureOf(m).take(n, at)
}
