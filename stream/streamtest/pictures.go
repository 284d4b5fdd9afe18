package streamtest

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"strconv"
	"time"
)

// Picture makes a small JPEG, 32×24 pixels, of about 1 KB. It looks different for each n, and is always the same for one n.
func Picture(n int) []byte {
	m := image.NewGray(image.Rect(0, 0, 32, 24))
	for i := range m.Pix {
		m.Pix[i] = byte(i * (n + 1))
	}
	return encode(m)
}

func encode(m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 75}); err != nil {
		panic("streamtest: " + err.Error()) // it is larger than a JPEG may be
	}
	return b.Bytes()
}

// The stamp is in a comment right after SOI, always of the same length, so that it can be read without the rest.
const (
	stampFormat = "picture %010d taken %020d "
	stampOffset = 6 // after SOI, COM and the comment's length
	stampLength = 8 + 10 + 7 + 20 + 1
)

// StampLength is how many bytes of a picture [ReadStamp] needs.
const StampLength = stampOffset + stampLength

// Pictures are JPEGs that differ in a stamp alone: a number, and the time at which the picture was taken. Making one costs
// no more than a copy. They come from [OfSize], [OfPixels] or [OfImage].
type Pictures struct{ template []byte }

// OfImage makes pictures that look like m, which may measure 65535×65535 pixels at most.
func OfImage(m image.Image) Pictures {
	comment := append([]byte{0xFF, 0xFE, 0, 2 + stampLength}, make([]byte, stampLength)...)
	return Pictures{bytes.Join([][]byte{{0xFF, 0xD8}, comment, encode(m)[2:]}, nil)}
}

// OfPixels makes pictures of so many pixels, of noise, in grey.
func OfPixels(width, height int) Pictures {
	m := image.NewGray(image.Rect(0, 0, width, height))
	rand.NewChaCha8([32]byte{1}).Read(m.Pix)
	return OfImage(m)
}

// OfSize makes pictures of exactly so many bytes, at least 1300. Up to 20 MB nearly all of them are entropy-coded noise, which
// no reader can skip.
func OfSize(bytes int) Pictures {
	const width, maxHeight = 320, 60_000
	perRow := len(OfPixels(width, 64).template) / 64
	for height := min(bytes/perRow, maxHeight); ; height -= 8 {
		p := OfPixels(width, max(height, 1))
		if missing := bytes - len(p.template); missing == 0 || missing >= 4 {
			p.pad(missing)
			return p
		}
		if height <= 1 {
			panic(fmt.Sprintf("streamtest: no picture has only %d bytes", bytes))
		}
	}
}

// pad lengthens the template by n bytes of comments after the stamp.
func (p *Pictures) pad(n int) {
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
	after := StampLength
	p.template = bytes.Join([][]byte{p.template[:after], padding, p.template[after:]}, nil)
}

// JPEG returns picture n, from 0 to 9,999,999,999, taken at a time from 1970 on.
func (p Pictures) JPEG(n int, at time.Time) []byte {
	picture := bytes.Clone(p.template)
	copy(picture[stampOffset:], fmt.Sprintf(stampFormat, n, at.UnixNano()))
	return picture
}

// Check returns the number of a picture that is bit for bit one of p, and an error for any other.
func (p Pictures) Check(picture []byte) (n int, err error) {
	n, taken, err := ReadStamp(picture)
	if err != nil {
		return 0, err
	}
	if !bytes.Equal(picture, p.JPEG(n, taken)) {
		return 0, fmt.Errorf("picture %d, %d bytes, is not what the camera sent", n, len(picture))
	}
	return n, nil
}

// ReadStamp returns a picture's number and the time at which it was taken. It needs the first
// [StampLength] bytes alone.
func ReadStamp(picture []byte) (n int, taken time.Time, err error) {
	if len(picture) < StampLength {
		return 0, time.Time{}, fmt.Errorf("a picture of %d bytes has no room for a stamp", len(picture))
	}
	text := string(picture[stampOffset:StampLength])
	n, wrongNumber := strconv.Atoi(text[8:18])
	nanoseconds, wrongTime := strconv.ParseInt(text[25:45], 10, 64)
	if err := errors.Join(wrongNumber, wrongTime); err != nil {
		return 0, time.Time{}, fmt.Errorf("stamp %q: %w", text, err)
	}
	return n, time.Unix(0, nanoseconds), nil
}
