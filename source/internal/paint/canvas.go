// Package paint draws shapes and letters on 4:2:0 pictures, in integers: processors without floating point draw them too.
package paint

import (
	"image"
	"image/color"
	"math"
)

// A Canvas is a 4:2:0 picture to paint on.
type Canvas struct{ *image.YCbCr }

// NewCanvas returns a canvas of a size in pixels. It is green, the colour of zeros.
func NewCanvas(width, height int) Canvas {
	return Canvas{image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)}
}

// A Shape returns how much of the pixel with its centre at x, y is covered, 0 to 255. Coordinates are in parts of a pixel.
type Shape func(x, y int) int

// Parts is how many parts a pixel has in each direction.
const Parts = 256

// Everywhere is the shape that covers everything.
func Everywhere(x, y int) int { return 255 }

// Disc returns the shape of a disc. Its centre and radius are in pixels.
func Disc(cx, cy, radius float64) Shape {
	x0, y0, r := int64(math.Round(cx*Parts)), int64(math.Round(cy*Parts)), max(1, int64(math.Round(radius*Parts)))
	outer, inner := r+Parts/2, max(0, r-Parts/2)
	outside, inside := outer*outer, inner*inner
	return func(x, y int) int {
		dx, dy := int64(x)-x0, int64(y)-y0
		square := dx*dx + dy*dy
		switch {
		case square >= outside:
			return 0
		case square <= inside:
			return 255
		}
		// The distance is near the radius, so that two steps of Newton's are enough.
		distance := (r + square/r) / 2
		distance = (distance + square/distance) / 2
		return int(min(max(outer-distance, 0), Parts)) * 255 / Parts
	}
}

// Ring returns the shape of a ring. Its centre, radius and width are in pixels.
func Ring(cx, cy, radius, width float64) Shape {
	outer, inner := Disc(cx, cy, radius+width/2), Disc(cx, cy, radius-width/2)
	return func(x, y int) int {
		if part := outer(x, y); part > 0 {
			return part - inner(x, y)
		}
		return 0
	}
}

// Paint colours the part of a shape that is in r.
func (c Canvas) Paint(r image.Rectangle, s Shape, colour color.YCbCr) {
	r = r.Intersect(c.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := c.Y[c.YOffset(0, y):]
		for x := r.Min.X; x < r.Max.X; x++ {
			row[x] = blend(row[x], colour.Y, s(x*Parts+Parts/2, y*Parts+Parts/2))
		}
	}
	// A chroma sample is in the middle of four pixels.
	for y := r.Min.Y &^ 1; y < r.Max.Y; y += 2 {
		for x := r.Min.X &^ 1; x < r.Max.X; x += 2 {
			i, part := c.COffset(x, y), s((x+1)*Parts, (y+1)*Parts)
			c.Cb[i], c.Cr[i] = blend(c.Cb[i], colour.Cb, part), blend(c.Cr[i], colour.Cr, part)
		}
	}
}

// CopyFrom copies the pixels in r from another canvas of the same size.
func (c Canvas) CopyFrom(from Canvas, r image.Rectangle) {
	r = r.Intersect(c.Rect)
	if r.Empty() {
		return
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		i := c.YOffset(r.Min.X, y)
		copy(c.Y[i:i+r.Dx()], from.Y[i:])
		if y == r.Min.Y || y%2 == 0 {
			i, n := c.COffset(r.Min.X, y), (r.Max.X+1)/2-r.Min.X/2
			copy(c.Cb[i:i+n], from.Cb[i:])
			copy(c.Cr[i:i+n], from.Cr[i:])
		}
	}
}
