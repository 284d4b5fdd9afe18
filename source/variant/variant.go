// Package variant makes other pictures of a camera's: turned, smaller, slower, with the time in them, each made once for all
// viewers.
//
//	door := stream.New(&httpcam.Camera{URL: "http://door/video"}, stream.Options{})
//	small := stream.New(&variant.Source{From: variant.View{Stream: door}, Width: 640}, stream.Options{NoStall: true})
//
// A [Source] wraps any other, such as a webcam that hangs upside down. A [View] is a source that is a viewer of a Stream, so
// that one camera has any number of variants, and variants have variants.
//
// No picture is decoded where that is not needed: a turn, a crop, grey and a lower quality alone are made of the coefficients
// of the JPEG, and cost about as much as decoding it. A size and text need a new picture, of the standard's usual kind
// (baseline), which has lost the segments of the original, such as its Exif data.
//
// Only the newest picture is changed. What comes while another is in work is passed over, and [stream.Stats].Facts says how
// many pictures that were.
package variant

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/contain"
	"mjpegazer/stream/jpeg"
)

// A How says how pictures are turned, mirrored and flipped.
type How string

// The ways to turn a picture.
const (
	// Lossless moves the parts of the picture without decoding it. Up to 15 rows or columns at a border that cannot be moved are
	// left out; Facts says so. What cannot be turned so is encoded.
	Lossless How = ""
	// Exif writes the orientation into the picture, which costs nothing: browsers show it turned, many programs do not.
	Exif How = "exif"
	// Encode decodes and encodes the picture, which keeps every row.
	Encode How = "encode"
)

// A Source is the variant of another Source. The zero value of each field changes nothing.
type Source struct {
	From stream.Source // must not be nil

	Turn   int  // degrees clockwise: 0, 90, 180 or 270
	Mirror bool // left and right are exchanged, once the picture is turned
	Flip   bool // above and below are exchanged, once the picture is turned
	How    How

	// Crop is the part of the turned picture that is kept. Where nothing else asks for decoding it grows by up to 15 pixels to
	// the left and above.
	Crop image.Rectangle
	// Width and Height are what the picture, turned and cropped, must fit into, in pixels. It keeps its shape, and becomes never
	// larger.
	Width, Height int
	// Grey leaves the colours out.
	Grey bool
	// Quality is that of [jpeg.Encoder], 1 to 100. A picture is never given more quality than it has. 0 leaves it alone, or is 80
	// where the picture is encoded.
	Quality int
	// FPS is how many pictures a second there are at most, evenly chosen.
	FPS float64
	// Text is written into the picture. Letters behind a % stand for parts of its time, as in strftime: see [CheckText].
	Text   string
	TextAt Place

	// MaxPixels is the size of the largest picture that is read, in pixels. 0 means 100 million.
	MaxPixels int
	// Limit bounds how many pictures are changed at a time by all Sources that share it. Nil means no limit.
	Limit *Limit
}

// Check returns what is wrong with the fields, in the names of the options of a SOURCE string.
func (s *Source) Check() error {
	const maxSide = 1<<16 - 1
	changes := s.Crop != image.Rectangle{} || s.Grey || s.Quality != 0 || s.encodes()
	switch {
	case s.Turn != 0 && s.Turn != 90 && s.Turn != 180 && s.Turn != 270:
		return errors.New("turn must be 90, 180 or 270: degrees clockwise")
	case s.How != Lossless && s.How != Exif && s.How != Encode:
		return errors.New("how must be exif or encode; leave it out to turn without loss")
	case s.How == Exif && changes:
		return errors.New("how=exif only turns, mirrors and flips: leave it out beside width, height, crop, quality, grey and text")
	case s.Crop != image.Rectangle{} && (s.Crop.Empty() || s.Crop.Min.X < 0 || s.Crop.Min.Y < 0):
		return errors.New("crop must be X,Y,WIDTH,HEIGHT in pixels, such as 0,120,640,360")
	case s.Width < 0 || s.Width > maxSide || s.Height < 0 || s.Height > maxSide:
		return fmt.Errorf("width and height must be 1 to %d pixels", maxSide)
	case s.Quality < 0 || s.Quality > 100:
		return errors.New("quality must be 1 to 100")
	case s.FPS < 0 || math.IsNaN(s.FPS):
		return errors.New("fps must be more than 0")
	case !s.TextAt.valid():
		return fmt.Errorf("text-at must be one of %s", places)
	}
	return CheckText(s.Text)
}

// encodes reports whether pictures must be decoded and encoded.
func (s *Source) encodes() bool {
	return s.Width > 0 || s.Height > 0 || s.Text != "" || s.How == Encode && s.orientation() > jpeg.Upright
}

// orientation is how pictures are to be turned; [jpeg.Upright] leaves them alone.
func (s *Source) orientation() jpeg.Orientation {
	o := jpeg.Upright
	switch s.Turn {
	case 90:
		o = jpeg.Turned90
	case 180:
		o = jpeg.Turned180
	case 270:
		o = jpeg.Turned270
	}
	if s.Mirror {
		o = o.Then(jpeg.Mirrored)
	}
	if s.Flip {
		o = o.Then(jpeg.Flipped)
	}
	return o
}

// Run implements [stream.Source]: it runs From, and changes its pictures in a goroutine of its own, so that From is not held
// up. It fails where [Source.Check] does, and where pictures cannot be changed as they are to be.
func (s *Source) Run(ctx context.Context, emit func(stream.Picture)) error {
	if err := s.Check(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	box := newMailbox(s.FPS)
	var working contain.Group
	working.Go(func() {
		defer cancel(nil) // where it panics
		cancel(s.work(ctx, box, emit))
	})
	err := s.From.Run(ctx, box.put)
	box.close()
	if !errors.Is(err, stream.ErrEnded) { // else the last picture is not lost
		cancel(nil)
	}
	working.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// work changes pictures until ctx is done or the mailbox is closed and empty.
func (s *Source) work(ctx context.Context, box *mailbox, emit func(stream.Picture)) error {
	c := newChanger(s)
	place := newTurn()
	for {
		if !box.wait(ctx) || !s.Limit.enter(ctx, place) {
			return nil
		}
		p := box.take()
		if err := s.change(c, &p); err != nil {
			return err
		}
		c.report(&p, box.passedOver())
		emit(p)
	}
}

// change changes a picture, in the turn that the Limit has given, and ends that.
func (s *Source) change(c *changer, p *stream.Picture) error {
	defer s.Limit.leave()
	began := time.Now()
	err := c.change(p)
	p.Encoding += time.Since(began)
	return err
}
