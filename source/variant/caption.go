package variant

import (
	"image"
	"strings"
	"time"
	"unicode/utf8"

	"mjpegazer/source/internal/paint"
	"mjpegazer/stream/jpeg"
)

// A Place is where a text stands in a picture.
type Place string

// The places of a text.
const (
	TopLeft     Place = "top-left" // also the zero value
	Top         Place = "top"
	TopRight    Place = "top-right"
	BottomLeft  Place = "bottom-left"
	Bottom      Place = "bottom"
	BottomRight Place = "bottom-right"
)

const places = "top-left, top, top-right, bottom-left, bottom and bottom-right"

func (p Place) valid() bool {
	switch p {
	case "", TopLeft, Top, TopRight, BottomLeft, Bottom, BottomRight:
		return true
	}
	return false
}

// A caption is the text in pictures: white, on ground that is made darker.
type caption struct {
	text      string
	at        Place
	written   []byte
	lettering *paint.Lettering
	width     int // of its letters
}

const (
	ground  = 90  // how much of what is behind the text remains, of 256
	ink     = 240 // luma of the letters
	least   = 6   // pixels of a letter's width, below which it cannot be read
	perLine = 64  // letters of the usual size across a picture of 16:9
)

func newCaption(text string, at Place) *caption { return &caption{text: text, at: at} }

// draw writes the text, with the time of the picture.
func (c *caption) draw(raw *jpeg.Raw, when time.Time) {
	c.written = appendTime(c.written[:0], c.text, when.Local())
	letters := max(1, utf8.RuneCount(c.written))
	// As large as suits the picture, smaller where the text is too long, and never too small to be read.
	width := max(least, min(max(raw.Width, raw.Height*16/9)/perLine, raw.Width/(letters+2)))
	if c.lettering == nil || c.width != width {
		c.lettering, c.width = paint.NewLettering(float64(width)), width
	}
	size := c.lettering.Size()
	box := image.Rect(0, 0, size.X*letters+2*size.X, size.Y*3/2)
	box = box.Add(image.Pt(c.left(raw.Width-box.Dx()), c.top(raw.Height-box.Dy())))
	frame := image.Rect(0, 0, raw.Width, raw.Height)
	darken(raw, box.Intersect(frame))
	plane := paint.Plane{Pix: raw.Planes[0], Stride: stride(raw), Rect: frame}
	c.lettering.Draw(plane, box.Min.Add(image.Pt(size.X, size.Y/4)), c.written, ink)
}

// left is where the box begins that leaves so much room.
func (c *caption) left(room int) int {
	switch c.at {
	case Top, Bottom:
		return max(0, room/2)
	case TopRight, BottomRight:
		return max(0, room)
	}
	return 0
}

func (c *caption) top(room int) int {
	if strings.HasPrefix(string(c.at), "bottom") {
		return max(0, room)
	}
	return 0
}

func stride(raw *jpeg.Raw) int {
	if raw.Strides[0] == 0 {
		return raw.Width
	}
	return raw.Strides[0]
}

// darken makes the ground of the text darker and less colourful.
func darken(raw *jpeg.Raw, box image.Rectangle) {
	h, v := 1, 1 // samples of luma for each one of chroma
	switch raw.Format {
	case jpeg.I420:
		h, v = 2, 2
	case jpeg.I422:
		h = 2
	case jpeg.I440:
		v = 2
	case jpeg.I411:
		h = 4
	case jpeg.I410:
		h, v = 4, 2
	}
	shade(raw.Planes[0], stride(raw), box, 16)
	if raw.Format == jpeg.Grey {
		return
	}
	chroma := image.Rect(box.Min.X/h, box.Min.Y/v, (box.Max.X+h-1)/h, (box.Max.Y+v-1)/v)
	for i := 1; i < 3; i++ {
		width := raw.Strides[i]
		if width == 0 {
			width = (raw.Width + h - 1) / h
		}
		shade(raw.Planes[i], width, chroma, 128)
	}
}

// shade brings samples near to a value.
func shade(pix []byte, stride int, box image.Rectangle, to int) {
	for y := box.Min.Y; y < box.Max.Y; y++ {
		row := pix[y*stride+box.Min.X : y*stride+box.Max.X]
		for x, v := range row {
			row[x] = uint8(to + (int(v)-to)*ground/256)
		}
	}
}
