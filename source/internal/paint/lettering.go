package paint

import (
	"image"
	"math"

	"golang.org/x/image/font/inconsolata"
	"golang.org/x/image/math/fixed"
)

// A Lettering is a font at one size. All letters have the same width.
type Lettering struct {
	width, height int
	masks         map[rune][]byte // coverage, row by row
}

// The box of a letter in the font; digits and capitals are in its middle.
const letterWidth, letterHeight = 8, 17

// NewLettering returns letters of a width in pixels.
func NewLettering(width float64) *Lettering {
	return &Lettering{
		width:  max(1, int(math.Round(width))),
		height: max(1, int(math.Round(width*letterHeight/letterWidth))),
		masks:  map[rune][]byte{},
	}
}

// mask returns how much of each pixel a letter covers, 0 to 255.
func (l *Lettering) mask(letter rune) []byte {
	if m, ok := l.masks[letter]; ok {
		return m
	}
	face := inconsolata.Bold8x16
	box, glyphs, at, _, _ := face.Glyph(fixed.P(0, face.Ascent), letter)
	m := make([]byte, l.width*l.height)
	scaleX, scaleY := letterWidth/float64(l.width), letterHeight/float64(l.height)
	for i := range m {
		x := (float64(i%l.width)+0.5)*scaleX - 0.5 - float64(box.Min.X)
		y := (float64(i/l.width)+0.5)*scaleY - 0.5 - float64(box.Min.Y)
		// The edge is as wide as a pixel of the font, and must be sharpened where that is many pixels here.
		sharp := (smooth(glyphs.(*image.Alpha), at, box.Size(), x, y)-0.56)*max(1, 1.6/scaleX) + 0.5
		m[i] = uint8(255*min(max(sharp, 0), 1) + 0.5)
	}
	l.masks[letter] = m
	return m
}

// smooth returns the coverage at x, y between the pixels of a glyph, by cubic B-splines, which round off steps.
func smooth(glyphs *image.Alpha, at, size image.Point, x, y float64) float64 {
	left, top := math.Floor(x), math.Floor(y)
	across, down := bspline(x-left), bspline(y-top)
	sum := 0.0
	for i := range 16 {
		px, py := int(left)+i%4-1, int(top)+i/4-1
		if px >= 0 && py >= 0 && px < size.X && py < size.Y {
			sum += across[i%4] * down[i/4] * float64(glyphs.AlphaAt(at.X+px, at.Y+py).A) / 255
		}
	}
	return sum
}

// bspline returns the weights of the pixels at -1, 0, 1 and 2.
func bspline(t float64) [4]float64 {
	u := 1 - t
	return [4]float64{u * u * u / 6, (4 - 6*t*t + 3*t*t*t) / 6, (4 - 6*u*u + 3*u*u*u) / 6, t * t * t / 6}
}

// Write writes text into the luma of dst, centred in a box that is all of the shade paper.
func (l *Lettering) Write(dst *image.YCbCr, box image.Rectangle, text string, ink, paper uint8) {
	at := image.Pt((box.Min.X+box.Max.X-l.width*len(text))/2, (box.Min.Y+box.Max.Y-l.height)/2)
	for _, letter := range text {
		mask := l.mask(letter)
		area := image.Rectangle{at, at.Add(image.Pt(l.width, l.height))}
		seen := area.Intersect(box).Intersect(dst.Rect)
		for y := seen.Min.Y; y < seen.Max.Y; y++ {
			row := dst.Y[dst.YOffset(seen.Min.X, y):][:seen.Dx()]
			from := mask[(y-area.Min.Y)*l.width+seen.Min.X-area.Min.X:]
			for x := range row {
				row[x] = blend(paper, ink, int(from[x]))
			}
		}
		at.X += l.width
	}
}

// blend returns a shade between two: part, 0 to 255, is how far it is from a to b.
func blend(a, b uint8, part int) uint8 {
	return uint8(int(a) + ((int(b)-int(a))*part+127)/255)
}
