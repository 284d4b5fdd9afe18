package pattern

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"time"

	"mjpegazer/source/internal/paint"
)

// A card is a test card in the tradition of television: it shows what is wrong with the colours, shades, edges, sharpness or
// smoothness of pictures.
//
// Coordinates on it are in cells, from the centre to the right and down. A picture of 4:3 is 14 cells high; the disc has a
// radius of 6.
type card struct {
	still, shown   paint.Canvas // without moving parts, and with them
	cell           float64
	cx, cy         int
	clock, counter *paint.Lettering
	hand           image.Rectangle // where it was drawn last
}

const discRadius = 6

var (
	black = grey(16) // black and white as in video, which leaves a margin on both sides
	white = grey(235)
	slate = color.YCbCr{Y: 62, Cb: 132, Cr: 126}
	grid  = color.YCbCr{Y: 122, Cb: 132, Cr: 126} // of the same tint: chroma costs bytes
	amber = rgb(255, 140, 0)

	// bars are those of 75 %: white, yellow, cyan, green, magenta, red, blue, black.
	bars = [8]color.YCbCr{
		rgb(191, 191, 191), rgb(191, 191, 0), rgb(0, 191, 191), rgb(0, 191, 0),
		rgb(191, 0, 191), rgb(191, 0, 0), rgb(0, 0, 191), rgb(0, 0, 0),
	}
)

func rgb(r, g, b uint8) color.YCbCr {
	y, cb, cr := color.RGBToYCbCr(r, g, b)
	return color.YCbCr{Y: y, Cb: cb, Cr: cr}
}

func grey(y uint8) color.YCbCr { return color.YCbCr{Y: y, Cb: 128, Cr: 128} }

// newCard draws what does not move, with labels in the corners.
func newCard(width, height int, labels [4]string) *card {
	c := &card{
		still: paint.NewCanvas(width, height),
		shown: paint.NewCanvas(width, height),
		cell:  max(2, float64(min(width*3/4, height))/14),
		cx:    width / 4 * 2, // even, so that edges are between samples of chroma
		cy:    height / 4 * 2,
	}
	c.clock, c.counter = paint.NewLettering(0.9*c.cell), paint.NewLettering(0.62*c.cell)
	c.drawGround()
	c.drawLabels(labels)
	c.drawDisc()
	c.shown.CopyFrom(c.still, c.still.Rect)
	return c
}

// at returns the even pixel nearest to a point.
func (c *card) at(x, y float64) image.Point {
	return image.Pt(c.cx+2*int(math.Round(x*c.cell/2)), c.cy+2*int(math.Round(y*c.cell/2)))
}

func (c *card) box(x0, y0, x1, y1 float64) image.Rectangle {
	return image.Rectangle{c.at(x0, y0), c.at(x1, y1)}
}

// drawGround draws a grid, and a border of black and white that shows whether the picture is complete.
func (c *card) drawGround() {
	all := c.still.Rect
	c.still.Paint(all, paint.Everywhere, slate)
	thin := max(2, 2*int(c.cell/40)) / 2
	acrossCells, downCells := math.Ceil(float64(c.cx)/c.cell), math.Ceil(float64(c.cy)/c.cell)
	for x := -acrossCells; x <= acrossCells; x++ {
		i := c.at(x, 0).X
		c.still.Paint(image.Rect(i-thin, 0, i+thin, all.Max.Y), paint.Everywhere, grid)
	}
	for y := -downCells; y <= downCells; y++ {
		i := c.at(0, y).Y
		c.still.Paint(image.Rect(0, i-thin, all.Max.X, i+thin), paint.Everywhere, grid)
	}
	inside := all.Inset(2 * int(c.cell/5))
	border := func(x, y int) int {
		if image.Pt(x/paint.Parts, y/paint.Parts).In(inside) {
			return 0
		}
		return 255
	}
	for y := -downCells; y < downCells; y++ {
		for x := -acrossCells; x < acrossCells; x++ {
			if block := c.box(x, y, x+1, y+1); !block.In(inside) {
				c.still.Paint(block, border, [2]color.YCbCr{black, white}[int(acrossCells+downCells+x+y)%2])
			}
		}
	}
}

// drawLabels writes into the corners: top left, top right, bottom left and bottom right.
func (c *card) drawLabels(labels [4]string) {
	letters := paint.NewLettering(0.45 * c.cell)
	edge := math.Floor(float64(c.cx)/c.cell - 0.5)
	for i, label := range labels {
		x, y := -edge, -6.0
		if i%2 == 1 {
			x = edge - 4.5
		}
		if i/2 == 1 {
			y = 5
		}
		box := c.box(x, y, x+4.5, y+1)
		c.still.Paint(box, paint.Everywhere, black)
		letters.Write(c.still.YCbCr, box, label, white.Y, black.Y)
	}
}

// drawDisc draws the disc, from the top: the name, edges, colours, the field for the time, shades, fine lines, and the field
// for the number.
func (c *card) drawDisc() {
	cx, cy, radius := float64(c.cx), float64(c.cy), discRadius*c.cell
	inside := paint.Disc(cx, cy, radius)
	band := func(y0, y1 float64, parts int, colour func(part int) color.YCbCr) {
		for i := range parts {
			width := 12 / float64(parts)
			x := -6 + float64(i)*width
			c.still.Paint(c.box(x, y0, x+width, y1), inside, colour(i))
		}
	}
	band(-6, -4.5, 1, func(int) color.YCbCr { return white })
	paint.NewLettering(0.46*c.cell).Write(c.still.YCbCr, c.box(-2.5, -5.6, 2.5, -4.6), "mjpegazer", black.Y, white.Y)
	band(-4.5, -3.5, 12, func(i int) color.YCbCr { return [2]color.YCbCr{black, white}[i%2] })
	band(-3.5, -1, len(bars), func(i int) color.YCbCr { return bars[i] })
	band(-1, 1, 1, func(int) color.YCbCr { return black })
	band(1, 2.5, 8, func(i int) color.YCbCr { return grey(uint8(i * 255 / 7)) })
	c.drawWaves(inside)
	band(4, 6, 1, func(int) color.YCbCr { return black })
	c.still.Paint(c.box(-7, -7, 7, 7), paint.Ring(cx, cy, radius, c.cell/8), white)
}

// drawWaves draws vertical lines in waves of several lengths, in pixels.
func (c *card) drawWaves(inside paint.Shape) {
	for i, length := range []float64{16, 8, 6, 4, 3, 2} {
		box := c.box(float64(2*i-6), 2.5, float64(2*i-4), 4)
		for x := range box.Dx() {
			line := image.Rect(box.Min.X+x, box.Min.Y, box.Min.X+x+1, box.Max.Y)
			c.still.Paint(line, inside, grey(uint8(128+107*math.Cos(2*math.Pi*float64(x)/length))))
		}
	}
}

// draw returns the card with a time and the number of a picture. The hand goes around in four seconds, and points up, right,
// down or left at each full one.
func (c *card) draw(now time.Time, number int) *image.YCbCr {
	c.shown.CopyFrom(c.still, c.hand)
	turn := 2 * math.Pi * float64(now.UnixMilli()%4000) / 4000
	x := float64(c.cx) + discRadius*c.cell*math.Sin(turn)
	y := float64(c.cy) - discRadius*c.cell*math.Cos(turn)
	size := 0.4 * c.cell
	c.hand = image.Rect(int(x-size)-1, int(y-size)-1, int(x+size)+2, int(y+size)+2)
	c.shown.Paint(c.hand, paint.Disc(x, y, size), black)
	c.shown.Paint(c.hand, paint.Disc(x, y, 0.75*size), amber)

	c.clock.Write(c.shown.YCbCr, c.box(-6, -1, 6, 1), now.Format("15:04:05.000"), white.Y, black.Y)
	c.counter.Write(c.shown.YCbCr, c.box(-6, 4, 6, 5.3), fmt.Sprintf("%07d", number), white.Y, black.Y)
	return c.shown.YCbCr
}
