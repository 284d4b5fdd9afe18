package webcam

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pion/mediadevices/pkg/driver"
	"github.com/pion/mediadevices/pkg/io/video"
	"github.com/pion/mediadevices/pkg/prop"

	"mjpegazer/stream"
	"mjpegazer/stream/jpeg"
)

// A MediaDevice is a camera that a driver of pion/mediadevices reads. The program that wants it imports the driver, which
// registers itself; for webcams on Linux there is [Camera], which needs no import and no cgo.
//
// Its pictures are compressed, but for those that know better: one with a method JPEG() []byte is passed on as it is, one
// with Raw() jpeg.Raw is compressed without an image between, and Captured() time.Time tells when it was taken.
type MediaDevice struct {
	Label string // the driver's, or its name

	// Preferences: what the driver has that is nearest is taken. Zero is its first.
	Width, Height int     // in pixels
	FPS           float64 // pictures a second

	Quality int // of the pictures, 1 to 100; zero is 80
}

// Run implements [stream.Source].
func (m *MediaDevice) Run(ctx context.Context, emit func(stream.Picture)) error {
	d, err := m.find()
	if err != nil {
		return stream.RetryAfter(err, absent)
	}
	if err := d.Open(); err != nil {
		return fmt.Errorf("open %s: %w", m.Label, err)
	}
	closed := sync.OnceFunc(func() {
		if d.Status() != driver.StateClosed { // as after a recording that did not begin
			d.Close()
		}
	})
	defer closed()
	media, err := m.choose(d.Properties())
	if err != nil {
		return err
	}
	reader, err := d.(driver.VideoRecorder).VideoRecord(media)
	if err != nil {
		return fmt.Errorf("record %s: %w", m.Label, err)
	}
	// A driver that is closed while it reads may read for ever, so it gets the time of a picture first.
	returned := make(chan struct{})
	defer close(returned)
	defer context.AfterFunc(ctx, func() {
		select {
		case <-returned:
		case <-time.After(time.Second):
			closed()
		}
	})()
	facts := sizeFacts(media.Width, media.Height, float64(media.FrameRate))
	facts["device"] = d.Info().Label
	r := recording{emit: emit, encoder: jpeg.Encoder{Quality: m.Quality}, facts: facts}
	return r.run(ctx, reader)
}

// find asks mediadevices for the driver.
func (m *MediaDevice) find() (driver.Driver, error) {
	video := driver.GetManager().Query(driver.FilterVideoRecorder())
	labels := make([]string, len(video))
	for i, d := range video {
		info := d.Info()
		if m.Label == info.Label || info.Name != "" && m.Label == info.Name {
			return d, nil
		}
		labels[i] = info.Label
	}
	if len(labels) == 0 {
		return nil, fmt.Errorf("no mediadevices driver %q: this program has none", m.Label)
	}
	slices.Sort(labels)
	return nil, fmt.Errorf("no mediadevices driver %q; there are: %s", m.Label, strings.Join(labels, ", "))
}

// choose takes what is nearest to the preferences; of what is equally near, the first.
func (m *MediaDevice) choose(all []prop.Media) (prop.Media, error) {
	if len(all) == 0 {
		return prop.Media{}, fmt.Errorf("%s has no pictures to offer", m.Label)
	}
	return slices.MinFunc(all, func(a, b prop.Media) int {
		return cmp.Or(
			cmp.Compare(distance(m.Width, m.Height, a.Width, a.Height), distance(m.Width, m.Height, b.Width, b.Height)),
			cmp.Compare(rateDistance(m.FPS, float64(a.FrameRate)), rateDistance(m.FPS, float64(b.FrameRate))),
		)
	}), nil
}

// sizeFacts says what a camera sends: a rate of zero is not known.
func sizeFacts(width, height int, fps float64) map[string]string {
	facts := map[string]string{"size": fmt.Sprintf("%dx%d", width, height)}
	if fps > 0 {
		facts["rate"] = strconv.FormatFloat(math.Round(fps*100)/100, 'f', -1, 64)
	}
	return facts
}

// distance is how far a size is from what is preferred; a side of zero does not count.
func distance(wantWidth, wantHeight, width, height int) int {
	d := 0
	if wantWidth != 0 {
		d += max(wantWidth-width, width-wantWidth)
	}
	if wantHeight != 0 {
		d += max(wantHeight-height, height-wantHeight)
	}
	return d
}

func rateDistance(want, fps float64) float64 {
	if want == 0 {
		return 0
	}
	return math.Abs(want - fps)
}

// A recording passes on the pictures of a mediadevices reader, compressed where they are not.
type recording struct {
	emit    func(stream.Picture)
	encoder jpeg.Encoder
	buffer  []byte            // of the encoder
	facts   map[string]string // to be told with the next picture
}

// run reads until ctx is done or the reader fails.
func (r *recording) run(ctx context.Context, reader video.Reader) error {
	for ctx.Err() == nil {
		img, release, err := reader.Read()
		if err == nil {
			err = r.pass(img)
			release()
		}
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, io.EOF):
			return errors.New("the driver ended its stream")
		case err != nil:
			return err
		}
	}
	return ctx.Err()
}

// pass emits one picture.
func (r *recording) pass(img image.Image) error {
	p := stream.Picture{Facts: r.facts}
	r.facts = nil
	if c, ok := img.(interface{ Captured() time.Time }); ok {
		p.Time = c.Captured()
	}
	var err error
	switch img := img.(type) {
	case interface{ JPEG() []byte }:
		p.JPEG = img.JPEG()
	case interface{ Raw() jpeg.Raw }:
		r.buffer, err = r.encoder.Append(r.buffer[:0], img.Raw())
		p.JPEG = r.buffer
	default:
		r.buffer, err = r.encoder.AppendImage(r.buffer[:0], img)
		p.JPEG = r.buffer
	}
	if err != nil {
		return err
	}
	r.emit(p)
	return nil
}
