package variant

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"maps"
	"strconv"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/jpeg"
)

// defaultQuality is that of pictures that are encoded.
const defaultQuality = 80

// A changer changes one picture after the other. Once it has seen one it allocates nothing for others like it.
type changer struct {
	source      *Source
	orientation jpeg.Orientation
	transform   jpeg.Transform
	decoder     jpeg.Decoder
	scaler      jpeg.Scaler
	encoder     jpeg.Encoder
	text        *caption // nil: none
	changed     []byte
	facts       facts
}

func newChanger(s *Source) *changer {
	c := &changer{
		source: s, orientation: s.orientation(),
		decoder: jpeg.Decoder{MaxPixels: s.MaxPixels},
		encoder: jpeg.Encoder{Quality: cmp.Or(s.Quality, defaultQuality)},
	}
	c.transform = jpeg.Transform{Crop: s.Crop, Grey: s.Grey, Quality: s.Quality, MaxPixels: s.MaxPixels}
	if c.orientation != jpeg.Upright || s.Crop != (image.Rectangle{}) {
		c.transform.Turn = c.orientation // also what the picture's own Exif segment says counts now
	}
	if s.Text != "" {
		c.text = newCaption(s.Text, s.TextAt)
	}
	return c
}

// change replaces the JPEG of a picture. A picture that is too damaged becomes a damaged one; what is wrong with all pictures
// is an error.
func (c *changer) change(p *stream.Picture) (err error) {
	s := c.source
	switch {
	case p.JPEG == nil:
		return nil
	case s.encodes():
		c.changed, err = c.encode(c.changed[:0], p)
	case s.How == Exif && c.orientation != jpeg.Upright:
		c.facts.way = "turned by Exif orientation"
		c.changed, err = jpeg.OrientationOf(p.JPEG).Then(c.orientation).Append(c.changed[:0], p.JPEG)
	case c.transform.Turn != 0 || s.Grey || s.Quality > 0:
		c.facts.way = "changed without decoding"
		c.changed, err = c.transform.Append(c.changed[:0], p.JPEG)
		if errors.Is(err, jpeg.ErrUnsupported) {
			c.changed, err = c.encode(c.changed[:0], p)
		} else if len(c.changed) > 0 && s.Crop == (image.Rectangle{}) {
			c.facts.trimmed = c.trimmed(p.JPEG, c.changed)
		}
	default:
		return nil
	}
	switch {
	case len(c.changed) > 0: // also the part of a damaged picture that there is, as of the original
		p.JPEG = c.changed
		return nil
	case errors.Is(err, jpeg.ErrBroken):
		p.JPEG = nil
		p.Damaged++
		return nil
	}
	return err
}

// encode appends the picture as a new JPEG.
func (c *changer) encode(dst []byte, p *stream.Picture) ([]byte, error) {
	c.facts.way, c.facts.trimmed = "encoded", ""
	info := head(p.JPEG)
	if info.Width == 0 || info.Height == 0 { // a height that stands behind the scan
		var err error
		if info, _, err = jpeg.Inspect(p.JPEG); err != nil {
			return dst, errors.Join(jpeg.ErrBroken, err)
		}
	}
	o := jpeg.OrientationOf(p.JPEG).Then(c.orientation)
	whole := image.Pt(info.Width, info.Height)
	if swaps(o) {
		whole = image.Pt(whole.Y, whole.X)
	}
	part := image.Rectangle{Max: whole}
	if c.source.Crop != (image.Rectangle{}) {
		part = part.Intersect(c.source.Crop)
	}
	if part.Empty() {
		return dst, fmt.Errorf("crop: %d,%d,%d,%d is outside of the picture, which has %d×%d pixels",
			c.source.Crop.Min.X, c.source.Crop.Min.Y, c.source.Crop.Dx(), c.source.Crop.Dy(), whole.X, whole.Y)
	}
	least := c.source.fit(part.Size())
	least = image.Pt(least.X*whole.X/part.Dx(), least.Y*whole.Y/part.Dy())
	if swaps(o) {
		least = image.Pt(least.Y, least.X)
	}
	scale := info.Scale(least.X, least.Y)
	raw, damage := c.decoder.Decode(p.JPEG, scale)
	if raw.Width == 0 {
		return dst, damage
	}
	raw, err := c.shape(raw, o, part, whole, scale)
	if err != nil {
		return dst, err
	}
	if c.text != nil {
		c.text.draw(&raw, p.Time)
	}
	return c.encoder.Append(dst, raw)
}

// shape turns, crops and scales samples that were decoded at 1/scale.
func (c *changer) shape(raw jpeg.Raw, o jpeg.Orientation, part image.Rectangle, whole image.Point, scale int) (jpeg.Raw, error) {
	var err error
	if c.source.Grey && raw.Format != jpeg.Grey {
		raw = jpeg.Raw{Format: jpeg.Grey, Width: raw.Width, Height: raw.Height, Planes: [3][]byte{raw.Planes[0]}, Strides: [3]int{raw.Strides[0]}}
	}
	if o > jpeg.Upright {
		if raw, err = c.scaler.Turn(raw, o); err != nil {
			return raw, err
		}
	}
	size := part.Size()
	if part.Max != whole || part.Min != (image.Point{}) {
		raw = raw.Crop(image.Rect(part.Min.X/scale, part.Min.Y/scale, (part.Max.X+scale-1)/scale, (part.Max.Y+scale-1)/scale))
		if scale == 1 {
			size = image.Pt(raw.Width, raw.Height)
		}
	}
	size = c.source.fit(size)
	return c.scaler.Scale(raw, size.X, size.Y)
}

// fit returns the size of a picture that fits into the variant's, in its shape, and never larger.
func (s *Source) fit(size image.Point) image.Point {
	fitted := size
	if s.Width > 0 && fitted.X > s.Width {
		fitted = image.Pt(s.Width, max(1, (size.Y*s.Width+size.X/2)/size.X))
	}
	if s.Height > 0 && fitted.Y > s.Height {
		fitted = image.Pt(max(1, (size.X*s.Height+size.Y/2)/size.Y), s.Height)
	}
	return fitted
}

// swaps reports whether an orientation exchanges width and height.
func swaps(o jpeg.Orientation) bool { return o >= jpeg.Transposed && o <= jpeg.Turned270 }

// head is what stands before a picture's first scan.
func head(p []byte) jpeg.Info {
	var w jpeg.Walk
	const piece = 4 << 10
	for at := 0; at < len(p) && !w.Scanning(); at += piece {
		if _, err := w.Next(p[at:min(at+piece, len(p))]); err != nil {
			break
		}
	}
	return w.Info
}

// trimmed says what is missing of a picture that was turned without loss.
func (c *changer) trimmed(original, changed []byte) string {
	before, after := head(original), head(changed)
	if swaps(jpeg.OrientationOf(original).Then(c.orientation)) {
		before.Width, before.Height = before.Height, before.Width
	}
	columns, rows := before.Width-after.Width, before.Height-after.Height
	if c.facts.columns == columns && c.facts.rows == rows {
		return c.facts.trimmed
	}
	c.facts.columns, c.facts.rows = columns, rows
	switch {
	case columns > 0 && rows > 0:
		return fmt.Sprintf("%d columns and %d rows (how=encode keeps them)", columns, rows)
	case columns > 0:
		return fmt.Sprintf("%d columns (how=encode keeps them)", columns)
	case rows > 0:
		return fmt.Sprintf("%d rows (how=encode keeps them)", rows)
	}
	return ""
}

// facts are what a variant adds to its camera's.
type facts struct {
	way           string // how pictures are changed
	trimmed       string // what is left out of them; "": nothing
	columns, rows int    // what trimmed says

	camera map[string]string // what the camera says of itself
	told   said
	at     time.Time
}

// said is what was reported last.
type said struct {
	way, trimmed string
	passed       uint64
}

// factsPause is the least time between two reports of a number that always grows.
const factsPause = 2 * time.Second

// report adds to a picture what is new.
func (c *changer) report(p *stream.Picture, passed uint64) {
	f := &c.facts
	now := said{f.way, f.trimmed, passed}
	same := now.way == f.told.way && now.trimmed == f.told.trimmed
	if p.Facts == nil && (now == f.told || same && time.Since(f.at) < factsPause) {
		return
	}
	if p.Facts != nil {
		f.camera = p.Facts
	}
	all := make(map[string]string, len(f.camera)+3)
	maps.Copy(all, f.camera)
	for name, value := range map[string]string{"variant": f.way, "left out": f.trimmed} {
		if value != "" {
			all[name] = value
		}
	}
	if passed > 0 {
		all["pictures passed over"] = strconv.FormatUint(passed, 10)
	}
	p.Facts, f.told, f.at = all, now, time.Now()
}
