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
	"time"

	"github.com/pion/mediadevices/pkg/driver"
	"github.com/pion/mediadevices/pkg/io/video"
	"github.com/pion/mediadevices/pkg/prop"

	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
	"mjpegazer/stream/contain"
	"mjpegazer/stream/jpeg"
)

// A MediaDevice is a camera that a driver of pion/mediadevices reads. The program imports the driver, which registers itself.
//
// Its pictures are compressed here, with these exceptions: a picture with a method JPEG() []byte is passed on as it is, and
// one with Raw() jpeg.Raw is compressed from those samples. Captured() time.Time is when it was taken.
type MediaDevice struct {
	Label string // the driver's, or its name

	// What the driver is asked for. The nearest that it has is used, its first for zero.
	Width, Height int     // in pixels
	FPS           float64 // pictures a second

	Quality int // of the pictures, 1 to 100, as of [jpeg.Encoder]; zero is 80
}

// Run implements [stream.Source]. The error carries a [stream.RetryAfter] of half a second where there is no such driver.
func (m *MediaDevice) Run(ctx context.Context, emit func(stream.Picture)) error {
	return stream.FailedDevice.Of(m.run(ctx, emit))
}

func (m *MediaDevice) run(ctx context.Context, emit func(stream.Picture)) error {
	d, err := m.driver()
	if err != nil {
		return stream.RetryAfter(err, absent)
	}
	if err := d.Open(); err != nil {
		return fmt.Errorf("open %s: %w", m.Label, err)
	}
	closed := contain.Once(func() {
		if d.Status() != driver.StateClosed { // as mediadevices leaves it when a recording fails to begin
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
	// A driver that is closed while it reads may never return, so its read gets a second to return first.
	returned := make(chan struct{})
	defer close(returned)
	defer context.AfterFunc(ctx, func() {
		select {
		case <-returned:
		case <-time.After(time.Second):
			contain.Call(closed) // if it panics it does so once more at the end
		}
	})()
	facts := sizeFacts(media.Width, media.Height, float64(media.FrameRate))
	facts["device"] = d.Info().Label
	r := recording{emit: emit, encoder: jpeg.Encoder{Quality: m.Quality}, facts: facts}
	return r.run(ctx, reader)
}

// driver returns the driver with the label.
func (m *MediaDevice) driver() (driver.Driver, error) {
	video := driver.GetManager().Query(driver.FilterVideoRecorder())
	labels := make([]string, len(video))
	for i, d := range video {
		info := d.Info()
		if m.Label == info.Label || info.Name != "" && m.Label == info.Name {
			return d, nil
		}
		labels[i] = info.Label
	}
	label := redact.Secrets{}.Hide(m.Label)
	if len(labels) == 0 {
		return nil, fmt.Errorf("no mediadevices driver %q: this program has no drivers", label)
	}
	slices.Sort(labels)
	return nil, fmt.Errorf("no mediadevices driver %q; the drivers are: %s", label, strings.Join(labels, ", "))
}

// choose returns what is nearest to the preferences, the first of what is equally near.
func (m *MediaDevice) choose(all []prop.Media) (prop.Media, error) {
	if len(all) == 0 {
		return prop.Media{}, fmt.Errorf("%s offers no pictures", m.Label)
	}
	return slices.MinFunc(all, func(a, b prop.Media) int {
		return cmp.Or(
			cmp.Compare(distance(m.Width, m.Height, a.Width, a.Height), distance(m.Width, m.Height, b.Width, b.Height)),
			cmp.Compare(rateDistance(m.FPS, float64(a.FrameRate)), rateDistance(m.FPS, float64(b.FrameRate))),
		)
	}), nil
}

// sizeFacts says what a camera sends; a rate of zero is unknown.
func sizeFacts(width, height int, fps float64) map[string]string {
	facts := map[string]string{"size": fmt.Sprintf("%dx%d", width, height)}
	if fps > 0 {
		facts["rate"] = strconv.FormatFloat(math.Round(fps*100)/100, 'f', -1, 64)
	}
	return facts
}

// distance is how far a size is from the wanted one; a wanted side of 0 does not count.
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

// A recording emits the pictures of a mediadevices reader, and compresses those that are not.
type recording struct {
	emit    func(stream.Picture)
	encoder jpeg.Encoder
	buffer  []byte            // of the encoder
	facts   map[string]string // to be emitted with the next picture
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
	if whole, ok := img.(interface{ JPEG() []byte }); ok {
		p.JPEG = whole.JPEG()
		r.emit(p)
		return nil
	}
	began := time.Now()
	var err error
	if raw, ok := img.(interface{ Raw() jpeg.Raw }); ok {
		r.buffer, err = r.encoder.Append(r.buffer[:0], raw.Raw())
	} else {
		r.buffer, err = r.encoder.AppendImage(r.buffer[:0], img)
	}
	if err != nil {
		return err
	}
	p.JPEG, p.Encoding = r.buffer, time.Since(began)
	r.emit(p)
	return nil
}
