package webcam

import (
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/pion/mediadevices/pkg/driver"
	"github.com/pion/mediadevices/pkg/frame"
	"github.com/pion/mediadevices/pkg/io/video"
	"github.com/pion/mediadevices/pkg/prop"

	"mjpegazer/source/v4l2"
	"mjpegazer/stream/jpeg"
)

// Register makes the webcam at path, such as /dev/video0, known to mediadevices, with a driver in pure Go. Its pictures are
// decoded only when a pixel is read. Register does not open the camera, and fails only where mediadevices does;
// [driver.Manager.Delete] undoes it. A [Camera] needs no call of Register.
func Register(path string) (driver.Driver, error) { return register(&cameraDriver{path: path}) }

func register(w *cameraDriver) (driver.Driver, error) {
	// The manager does not return the driver that it makes, so the label has to be unique. Each use of a camera registers it
	// again, because the state of a driver cannot be shared.
	label := filepath.Base(w.path) + ";" + rand.Text()
	info := driver.Info{Label: label, Name: w.path, DeviceType: driver.Camera}
	if err := driver.GetManager().Register(w, info); err != nil {
		return nil, err
	}
	found := driver.GetManager().Query(func(d driver.Driver) bool { return d.Info().Label == label })
	if len(found) == 0 {
		return nil, errors.New("mediadevices does not know the driver that was registered")
	}
	return found[0], nil
}

// A format is a pixel format that can be shown.
type format struct {
	fourCC string
	name   frame.Format
	raw    jpeg.Format
	kind   formatKind
}

type formatKind int

const (
	asJPEG    formatKind = iota // compressed by the camera
	asRaw                       // as the encoder reads it
	asDecoded                   // made an image by mediadevices' package frame
)

// formats are in the order of preference.
var formats = []format{
	{"MJPG", frame.FormatMJPEG, 0, asJPEG},
	{"JPEG", frame.FormatMJPEG, 0, asJPEG},
	{"YUYV", frame.FormatYUYV, jpeg.YUYV, asRaw},
	{"UYVY", frame.FormatUYVY, jpeg.UYVY, asRaw},
	{"NV12", frame.FormatNV12, jpeg.NV12, asRaw},
	{"NV21", frame.FormatNV21, jpeg.NV21, asRaw},
	{"YU12", frame.FormatI420, jpeg.I420, asRaw},
	{"GREY", "GREY", jpeg.Grey, asRaw},
	{"Z16", frame.FormatZ16, 0, asDecoded},
}

// formatRank is the format's index in formats, -1 where it cannot be shown.
func formatRank(f v4l2.FourCC) int {
	return slices.IndexFunc(formats, func(w format) bool { return w.fourCC == f.String() })
}

// A cameraDriver is a webcam as a driver of mediadevices.
type cameraDriver struct {
	path string
	// damaged, if not nil, is called with the number of pictures lost or damaged since the last one.
	damaged func(pictures int)

	device  *v4l2.Device
	formats []v4l2.Format // with the sizes of those that can be shown
	mode    v4l2.Mode     // of the recording
}

// Open implements driver.Adapter.
func (w *cameraDriver) Open() error {
	d, err := v4l2.Open(w.path)
	if err != nil {
		return err
	}
	w.formats, err = d.Formats()
	for i, f := range w.formats {
		if err == nil && formatRank(f.FourCC) >= 0 {
			w.formats[i].Sizes, err = d.Sizes(f.FourCC)
		}
	}
	if err != nil {
		d.Close()
		return err
	}
	w.device = d
	return nil
}

// Close implements driver.Adapter.
func (w *cameraDriver) Close() error {
	if w.device == nil {
		return nil
	}
	err := w.device.Close()
	w.device = nil
	return err
}

// Properties implements driver.Adapter. Of a range of sizes it lists the two ends; VideoRecord accepts those between as well.
func (w *cameraDriver) Properties() []prop.Media {
	var all []prop.Media
	for _, f := range w.formats {
		rank := formatRank(f.FourCC)
		if rank < 0 {
			continue
		}
		for _, size := range f.Sizes {
			ends := [][2]int{{size.Width, size.Height}}
			if size.MaxWidth != 0 {
				ends = append(ends, [2]int{size.MaxWidth, size.MaxHeight})
			}
			rates := size.Rates
			if len(rates) == 0 {
				rates = []float64{0}
			}
			for _, end := range ends {
				for _, fps := range rates {
					all = append(all, prop.Media{Video: prop.Video{
						Width: end[0], Height: end[1], FrameFormat: formats[rank].name, FrameRate: float32(fps),
					}})
				}
			}
		}
	}
	return all
}

// VideoRecord implements driver.VideoRecorder. The camera may choose another mode than the one asked for.
func (w *cameraDriver) VideoRecord(p prop.Media) (video.Reader, error) {
	mode := v4l2.Mode{Width: p.Width, Height: p.Height, FPS: float64(p.FrameRate)}
	for _, f := range w.formats {
		if rank := formatRank(f.FourCC); rank >= 0 && formats[rank].name == p.FrameFormat {
			mode.FourCC = f.FourCC
			break
		}
	}
	if mode.FourCC == 0 {
		return nil, fmt.Errorf("%s has no format %s", w.path, p.FrameFormat)
	}
	mode, err := w.device.Configure(mode)
	if err != nil {
		return nil, err
	}
	rank := formatRank(mode.FourCC)
	if rank < 0 {
		return nil, fmt.Errorf("%s sends %s, which cannot be shown", w.path, mode.FourCC)
	}
	// Two, so that the driver can fill one while the other is read, and two more in case the reader is late.
	if err := w.device.Start(4); err != nil {
		return nil, err
	}
	w.mode = mode
	r := &cameraReader{driver: w, device: w.device, format: formats[rank], mode: mode, free: make(chan *cameraPicture, 1)}
	if r.format.kind == asRaw {
		// SizeImage may be more than the picture takes.
		for _, plane := range r.format.raw.Raw(mode.Width, mode.Height, mode.Stride, make([]byte, mode.SizeImage)).Planes {
			r.size += len(plane)
		}
	}
	return r, nil
}

// A cameraReader reads the pictures of a webcam. It implements video.Reader.
type cameraReader struct {
	driver *cameraDriver
	device *v4l2.Device
	format format
	mode   v4l2.Mode
	size   int // of a whole raw picture, in bytes

	started bool
	next    uint32              // sequence number of the next picture, if none is lost
	free    chan *cameraPicture // released, to be filled again
}

// picture returns one that was released, or a new one.
func (r *cameraReader) picture() *cameraPicture {
	select {
	case p := <-r.free:
		return p
	default:
	}
	p := &cameraPicture{format: r.format, mode: r.mode}
	p.release = func() {
		select {
		case r.free <- p:
		default:
		}
	}
	return p
}

// count reports pictures that the camera took and the driver lost, and this one if it is damaged.
func (r *cameraReader) count(f v4l2.Frame, damaged bool) {
	lost := 0
	// A smaller number than expected has wrapped, or started again.
	if skipped := int32(f.Sequence - r.next); r.started && skipped > 0 {
		lost = int(skipped)
	}
	r.started, r.next = true, f.Sequence+1
	if damaged {
		lost++
	}
	if lost > 0 && r.driver.damaged != nil {
		r.driver.damaged(lost)
	}
}

// isDamaged reports whether a frame is no whole picture, as far as the driver and the first bytes show.
func (r *cameraReader) isDamaged(f v4l2.Frame) bool {
	switch {
	case f.Damaged || len(f.Data) == 0:
		return true
	case r.format.kind == asJPEG:
		return len(f.Data) < 2 || f.Data[0] != 0xff || f.Data[1] != 0xd8
	}
	return len(f.Data) < r.size
}

// captureTime is the time of the frame, now where the driver does not say.
func captureTime(f v4l2.Frame) time.Time {
	if f.Time.IsZero() {
		return time.Now()
	}
	return f.Time
}
