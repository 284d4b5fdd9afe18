// Package paint draws shapes and letters on 4:2:0 pictures.
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

// A Shape returns how much of the pixel with its centre at x, y is covered, 0 to 1.
type Shape func(x, y float64) float64

// Everywhere is the shape that covers everything.
func Everywhere(x, y float64) float64 { return 1 }

// Disc returns the shape of a disc.
func Disc(cx, cy, radius float64) Shape {
	return func(x, y float64) float64 {
		dx, dy := x-cx, y-cy
		return min(max(radius+0.5-math.Sqrt(dx*dx+dy*dy), 0), 1)
	}
}

// Ring returns the shape of a ring.
func Ring(cx, cy, radius, width float64) Shape {
	outer, inner := Disc(cx, cy, radius+width/2), Disc(cx, cy, radius-width/2)
	return func(x, y float64) float64 { return outer(x, y) - inner(x, y) }
}

// Paint colours the part of a shape that is in r.
func (c Canvas) Paint(r image.Rectangle, s Shape, colour color.YCbCr) {
	r = r.Intersect(c.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := c.Y[c.YOffset(0, y):]
		for x := r.Min.X; x < r.Max.X; x++ {
			row[x] = blend(row[x], colour.Y, int(255*s(float64(x)+0.5, float64(y)+0.5)))
		}
	}
	// A chroma sample is in the middle of four pixels.
	for y := r.Min.Y &^ 1; y < r.Max.Y; y += 2 {
		for x := r.Min.X &^ 1; x < r.Max.X; x += 2 {
			i, part := c.COffset(x, y), int(255*s(float64(x)+1, float64(y)+1))
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
