package paint

import (
	"image"
	"math"
	"unicode/utf8"

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
	box, glyphs, at, _, ok := face.Glyph(fixed.P(0, face.Ascent), letter)
	if !ok { // the font has Latin letters only
		box, glyphs, at, _, _ = face.Glyph(fixed.P(0, face.Ascent), '?')
	}
	glyph, size := glyphs.(*image.Alpha), box.Size()
	across, down := splines(l.width, letterWidth, box.Min.X), splines(l.height, letterHeight, box.Min.Y)
	wide := make([]int32, size.Y*l.width) // the rows of the glyph, as wide as the mask
	for y := range size.Y {
		row := glyph.Pix[glyph.PixOffset(at.X, at.Y+y):][:size.X]
		for x, s := range across {
			for i, weight := range s.weights {
				if from := s.first + i; from >= 0 && from < size.X {
					wide[y*l.width+x] += weight * int32(row[from])
				}
			}
		}
	}
	// The edge is as wide as a pixel of the font, and must be sharpened where that is many pixels here.
	const middle, half = 56 * 255 << (2 * splineBits) / 100, 128
	sharpness := int32(math.Round(min(max(1, 1.6*float64(l.width)/letterWidth), 256) * (1 << 8)))
	m := make([]byte, l.width*l.height)
	for y, s := range down {
		for x := range l.width {
			sum := int32(-middle)
			for i, weight := range s.weights {
				if from := s.first + i; from >= 0 && from < size.Y {
					sum += weight * wide[from*l.width+x]
				}
			}
			// Shifted in two halves, so that 32 bits are enough.
			m[y*l.width+x] = uint8(min(max((sum>>14)*sharpness>>(2*splineBits+8-14)+half, 0), 255))
		}
	}
	l.masks[letter] = m
	return m
}

// A spline says how much the pixels of a glyph, from the first, have in one of a mask, by cubic B-splines, which round off
// steps.
type spline struct {
	first   int
	weights [4]int32 // in splineBits of fraction
}

const splineBits = 10

// splines returns the splines across or down a mask of n pixels. The glyph is in a box of so many pixels, from one on.
func splines(n, box, from int) []spline {
	all := make([]spline, n)
	for i := range all {
		position := (float64(i)+0.5)*float64(box)/float64(n) - 0.5 - float64(from)
		before := math.Floor(position)
		all[i].first = int(before) - 1
		for k, weight := range bspline(position - before) {
			all[i].weights[k] = int32(math.Round(weight * (1 << splineBits)))
		}
	}
	return all
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

// A Plane is samples of luma.
type Plane struct {
	Pix    []byte
	Stride int // bytes from one row to the next
	Rect   image.Rectangle
}

// Size returns the size of a letter, in pixels.
func (l *Lettering) Size() image.Point { return image.Pt(l.width, l.height) }

// Draw writes a text, in UTF-8, over what is there, from its upper left corner. Once it has seen a letter it allocates nothing.
func (l *Lettering) Draw(dst Plane, at image.Point, text []byte, ink uint8) {
	for len(text) > 0 {
		letter, size := utf8.DecodeRune(text)
		text = text[size:]
		mask := l.mask(letter)
		area := image.Rectangle{at, at.Add(l.Size())}
		seen := area.Intersect(dst.Rect)
		for y := seen.Min.Y; y < seen.Max.Y; y++ {
			row := dst.Pix[(y-dst.Rect.Min.Y)*dst.Stride+seen.Min.X-dst.Rect.Min.X:][:seen.Dx()]
			from := mask[(y-area.Min.Y)*l.width+seen.Min.X-area.Min.X:]
			for x := range row {
				row[x] = blend(row[x], ink, int(from[x]))
			}
		}
		at.X += l.width
	}
}
