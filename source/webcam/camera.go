package webcam

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"

	"github.com/pion/mediadevices/pkg/driver"

	"mjpegazer/source/v4l2"
	"mjpegazer/stream"
	"mjpegazer/stream/jpeg"
)

// A Camera is a camera of this machine that Video4Linux offers. Its zero value is /dev/video0. It must not be copied once it
// has run: it remembers which camera it read, to find it after it was unplugged.
type Camera struct {
	// Address says which camera: a number, "0"; a node or a link to one, "/dev/video0"; "by-id/" and its name in
	// /dev/v4l/by-id; or "name/" and what the camera calls itself, or a part of that, in any case of letters. Empty is "0".
	Address string

	// What the camera is asked for. It sends the nearest that it has.
	Width, Height int     // in pixels; both zero: near 640 by 480
	FPS           float64 // pictures a second; zero: the camera's own rate
	Format        string  // one of [Formats], or the four characters of one, such as YUY2; empty: the best

	// Quality is that of pictures that are compressed here, 1 to 100, as of [jpeg.Encoder]; zero is 80.
	Quality int

	// Controls are set whenever the camera is opened: values, names in a menu, or on and off, by the name of the control, as in
	// "brightness": "128". [Camera.Check] says whether the camera has them.
	Controls map[string]string

	// Log gets a line when the camera does not send what it was asked for; nil: none.
	Log *slog.Logger

	node v4l2.Node // as it was when it was opened last
}

// Run implements [stream.Source]. An error says what to do; it carries a [stream.RetryAfter] of half a second where the
// camera is not plugged in or must not be opened, and of two seconds where another program reads it.
func (c *Camera) Run(ctx context.Context, emit func(stream.Picture)) error {
	path, err := c.locate()
	if err != nil {
		return stream.FailedDevice.Of(stream.RetryAfter(err, absent))
	}
	err = c.record(ctx, path, emit)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return stream.FailedDevice.Of(explain(path, err))
}

// record opens the camera as a driver of mediadevices and emits its pictures.
func (c *Camera) record(ctx context.Context, path string, emit func(stream.Picture)) error {
	webcam := &cameraDriver{path: path, damaged: func(pictures int) { emit(stream.Picture{Damaged: pictures}) }}
	d, err := register(webcam)
	if err != nil {
		return err
	}
	defer driver.GetManager().Delete(d.ID())
	if err := d.Open(); err != nil {
		return err
	}
	defer d.Close()
	c.node = webcam.device.Node
	if err := setControls(webcam.device, c.Controls); err != nil {
		return err
	}
	media, err := c.choose(webcam.formats)
	if err != nil {
		return err
	}
	reader, err := d.(driver.VideoRecorder).VideoRecord(media)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, webcam.device.Interrupt)()
	r := recording{emit: emit, encoder: jpeg.Encoder{Quality: c.Quality}, facts: c.facts(webcam.mode)}
	return r.run(ctx, reader)
}

// Check opens the camera and says what is wrong with Controls: one that the camera does not have, a value that it does not
// accept. It returns nil where the camera cannot be opened now.
func (c *Camera) Check() error {
	path, err := c.locate()
	if err != nil {
		return nil
	}
	d, err := v4l2.Open(path)
	if err != nil {
		return nil
	}
	defer d.Close()
	all, err := d.Controls()
	if err != nil {
		return nil
	}
	_, err = matchControls(all, c.Controls)
	return err
}

// facts says what the camera sends and, in the log as well, which preferences that does not meet.
func (c *Camera) facts(mode v4l2.Mode) map[string]string {
	facts := sizeFacts(mode.Width, mode.Height, mode.FPS)
	facts["camera"], facts["device"], facts["bus"] = c.node.Name, c.node.Path, c.node.Bus
	facts["format"] = mode.FourCC.String()
	if unmet := c.unmet(mode); unmet != "" {
		facts["unmet"] = unmet
		if c.Log != nil {
			c.Log.Info("the camera does not send what it was asked for", "unmet", unmet,
				"format", facts["format"], "size", facts["size"], "rate", facts["rate"])
		}
	}
	return facts
}

// unmet lists the preferences that a mode does not meet, as options of a SOURCE.
func (c *Camera) unmet(mode v4l2.Mode) string {
	var unmet []string
	if c.Width != 0 && c.Width != mode.Width {
		unmet = append(unmet, fmt.Sprintf("width=%d", c.Width))
	}
	if c.Height != 0 && c.Height != mode.Height {
		unmet = append(unmet, fmt.Sprintf("height=%d", c.Height))
	}
	if c.FPS != 0 && math.Abs(c.FPS-mode.FPS) > 0.05 {
		unmet = append(unmet, fmt.Sprintf("fps=%g", c.FPS))
	}
	if c.Format != "" && !isFormat(c.Format, formatRank(mode.FourCC)) {
		unmet = append(unmet, "format="+c.Format)
	}
	return strings.Join(unmet, " ")
}
