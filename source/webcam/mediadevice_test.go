package webcam_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/mediadevices/pkg/driver"
	_ "github.com/pion/mediadevices/pkg/driver/videotest"
	"github.com/pion/mediadevices/pkg/io/video"
	"github.com/pion/mediadevices/pkg/prop"

	"mjpegazer/source"
	"mjpegazer/source/webcam"
	"mjpegazer/stream"
)

// mediadevices' own test driver shows colour bars.
func TestMediaDevice(t *testing.T) {
	c, err := source.Parse("mediadevices:VideoTest#quality=90&width=640", source.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	pictures := 0
	err = c.Source.Run(ctx, func(p stream.Picture) {
		if (p.Facts["device"] == "VideoTest") != (pictures == 0) {
			t.Errorf("picture %d tells %v", pictures, p.Facts)
		}
		img, err := stdjpeg.Decode(bytes.NewReader(p.JPEG))
		if err != nil {
			t.Fatal(err)
		}
		if img.Bounds() != image.Rect(0, 0, 640, 480) {
			t.Errorf("the picture is %v", img.Bounds())
		}
		// The third of seven bars, 75 % of (170, 166, 16).
		want := color.YCbCr{Y: 127, Cb: 166, Cr: 16}
		if got := color.YCbCrModel.Convert(img.At(226, 100)).(color.YCbCr); far(got.Y, want.Y) || far(got.Cb, want.Cb) {
			t.Errorf("the bar is %v, want %v", got, want)
		}
		if pictures++; pictures == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || pictures != 3 {
		t.Errorf("%d pictures, %v", pictures, err)
	}
}

func far(a, b byte) bool { return max(a, b)-min(a, b) > 20 }

// device is a driver of the test's.
type device struct {
	media  []prop.Media
	record func(p prop.Media) (video.Reader, error)
	closed chan struct{}
}

func (d *device) Open() error {
	d.closed = make(chan struct{})
	return nil
}

func (d *device) Close() error {
	close(d.closed)
	return nil
}

func (d *device) Properties() []prop.Media { return d.media }

func (d *device) VideoRecord(p prop.Media) (video.Reader, error) { return d.record(p) }

// register makes the device known under a label for as long as the test runs.
func register(t *testing.T, label string, d *device) *webcam.MediaDevice {
	if err := driver.GetManager().Register(d, driver.Info{Label: label, DeviceType: driver.Camera}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, found := range driver.GetManager().Query(func(d driver.Driver) bool { return d.Info().Label == label }) {
			driver.GetManager().Delete(found.ID())
		}
	})
	return &webcam.MediaDevice{Label: label}
}

func media(width, height int, fps float32) prop.Media {
	return prop.Media{Video: prop.Video{Width: width, Height: height, FrameRate: fps}}
}

// compressed is a picture that brings its bytes.
type compressed struct {
	image.Image
	data []byte
	time time.Time
}

func (c compressed) JPEG() []byte        { return c.data }
func (c compressed) Captured() time.Time { return c.time }

func TestMediaDevicePassesJPEGOn(t *testing.T) {
	taken := time.Unix(1_700_000_000, 0)
	released := 0
	m := register(t, "compressing", &device{
		media: []prop.Media{media(640, 480, 30)},
		record: func(prop.Media) (video.Reader, error) {
			return video.ReaderFunc(func() (image.Image, func(), error) {
				return compressed{image.Black, []byte("\xff\xd8 as it is"), taken}, func() { released++ }, nil
			}), nil
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	err := m.Run(ctx, func(p stream.Picture) {
		if string(p.JPEG) != "\xff\xd8 as it is" || !p.Time.Equal(taken) {
			t.Errorf("%q of %v", p.JPEG, p.Time)
		}
		if released != 0 {
			t.Error("the picture was released before it was emitted")
		}
		cancel()
	})
	if !errors.Is(err, context.Canceled) || released != 1 {
		t.Errorf("released %d times, %v", released, err)
	}
}

func TestMediaDeviceChoosesNearest(t *testing.T) {
	var got prop.Media
	m := register(t, "choosy", &device{
		media: []prop.Media{media(1920, 1080, 30), media(640, 480, 15), media(640, 480, 30), media(320, 240, 30)},
		record: func(p prop.Media) (video.Reader, error) {
			got = p
			return nil, errors.New("enough")
		},
	})
	for _, test := range []struct {
		width, height int
		fps           float64
		want          prop.Media
	}{
		{0, 0, 0, media(1920, 1080, 30)},
		{600, 0, 0, media(640, 480, 15)},
		{640, 480, 25, media(640, 480, 30)},
		{1, 1, 1, media(320, 240, 30)},
	} {
		m.Width, m.Height, m.FPS = test.width, test.height, test.fps
		if err := m.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "enough") {
			t.Error(err)
		}
		if got.Width != test.want.Width || got.Height != test.want.Height || got.FrameRate != test.want.FrameRate {
			t.Errorf("%+v: %dx%d at %v", test, got.Width, got.Height, got.FrameRate)
		}
	}
}

// A driver whose read never returns is closed while it reads, a second after the context is done.
func TestMediaDeviceThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &device{media: []prop.Media{media(640, 480, 30)}}
		d.record = func(prop.Media) (video.Reader, error) {
			return video.ReaderFunc(func() (image.Image, func(), error) {
				<-d.closed
				return nil, nil, errors.New("closed")
			}), nil
		}
		m := register(t, "hanging", d)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		err := m.Run(ctx, nil)
		if took := time.Since(start); took != time.Minute+time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestMediaDeviceThatIsNone(t *testing.T) {
	m := &webcam.MediaDevice{Label: "nobody"}
	if err := m.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), `no mediadevices driver "nobody"; the drivers are: `) ||
		!strings.Contains(err.Error(), "VideoTest") {
		t.Error(err)
	}
	m = register(t, "empty", &device{})
	if err := m.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "offers no pictures") {
		t.Error(err)
	}
}
