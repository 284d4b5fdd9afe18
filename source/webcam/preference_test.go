package webcam

import (
	"strings"
	"testing"

	"mjpegazer/source/v4l2"
)

func offer(t *testing.T, name string, sizes ...v4l2.Size) v4l2.Format {
	var f v4l2.FourCC
	if err := f.UnmarshalText([]byte(name)); err != nil {
		t.Fatal(err)
	}
	return v4l2.Format{FourCC: f, Sizes: sizes}
}

func single(width, height int, rates ...float64) v4l2.Size {
	return v4l2.Size{Width: width, Height: height, Rates: rates}
}

// Three cameras: one like most webcams, one without MJPEG, and a sensor that scales.
func TestWebcamChoice(t *testing.T) {
	webcam := []v4l2.Format{
		offer(t, "YUYV", single(640, 480, 30), single(160, 120, 30), single(1280, 720, 10), single(2304, 1536, 2)),
		offer(t, "H264", single(1920, 1080, 30)),
		offer(t, "MJPG", single(640, 480, 30, 15), single(1280, 720, 60, 30), single(1920, 1080, 30)),
	}
	raw := []v4l2.Format{offer(t, "NV12", single(640, 480, 30)), offer(t, "YUYV", single(640, 480, 15), single(320, 240, 30))}
	sensor := []v4l2.Format{
		offer(t, "YU12", v4l2.Size{Width: 32, Height: 32, MaxWidth: 2592, MaxHeight: 1944, StepWidth: 2, StepHeight: 2, Rates: []float64{1, 90}, RateRange: true}),
		offer(t, "JPEG", v4l2.Size{Width: 32, Height: 32, MaxWidth: 2592, MaxHeight: 1944, StepWidth: 2, StepHeight: 2}),
	}
	for _, test := range []struct {
		formats       []v4l2.Format
		wanted        Camera
		format        string
		width, height int
		fps           float32
	}{
		{webcam, Camera{}, "MJPEG", 640, 480, 0},
		{webcam, Camera{Width: 1280, Height: 720}, "MJPEG", 1280, 720, 0},
		{webcam, Camera{Width: 1280, FPS: 25}, "MJPEG", 1280, 720, 30},
		{webcam, Camera{Height: 1080}, "MJPEG", 1920, 1080, 0},
		{webcam, Camera{Width: 160, Height: 120}, "YUYV", 160, 120, 0}, // which it has in no other format
		{webcam, Camera{Format: "yuyv", Width: 1920, Height: 1080}, "YUYV", 2304, 1536, 0},
		{webcam, Camera{Format: "YUY2"}, "YUYV", 640, 480, 0},
		{webcam, Camera{Format: "nv12"}, "MJPEG", 640, 480, 0},
		{raw, Camera{}, "YUYV", 640, 480, 0},
		{raw, Camera{Width: 640, Height: 480, Format: "nv12"}, "NV12", 640, 480, 0},
		{raw, Camera{Width: 300, FPS: 60}, "YUYV", 320, 240, 30},
		{sensor, Camera{}, "MJPEG", 640, 480, 0},
		{sensor, Camera{Width: 1000}, "MJPEG", 1000, 750, 0},
		{sensor, Camera{Width: 9999, Height: 9999, Format: "i420", FPS: 120}, "I420", 2592, 1944, 90},
	} {
		got, err := test.wanted.choose(test.formats)
		if err != nil || string(got.FrameFormat) != test.format || got.Width != test.width || got.Height != test.height || got.FrameRate != test.fps {
			t.Errorf("%+v: %v %dx%d at %v, %v; want %s %dx%d at %v", test.wanted,
				got.FrameFormat, got.Width, got.Height, got.FrameRate, err, test.format, test.width, test.height, test.fps)
		}
	}
	_, err := (&Camera{}).choose([]v4l2.Format{offer(t, "H264"), offer(t, "RG10")})
	if err == nil || !strings.Contains(err.Error(), "sends H264, RG10, which cannot be shown; these can: mjpeg, yuyv, uyvy") {
		t.Error(err)
	}
}

// The names that the kernel no longer uses still set their controls.
func TestMatchControls(t *testing.T) {
	all := []v4l2.Control{
		{ID: 0x00980900, Name: "brightness", Type: v4l2.Integer, Max: 255},
		{ID: 0x009a0901, Name: "auto_exposure", Type: v4l2.Menu, Max: 3, Menu: []v4l2.MenuItem{{Value: 1, Name: "Manual Mode"}, {Value: 3, Name: "Auto"}}},
		{ID: 0x009a0903, Name: "exposure_dynamic_framerate", Type: v4l2.Boolean, Max: 1},
	}
	got, err := matchControls(all, map[string]string{"exposure_auto": "manual mode", "Brightness": "0x10", "exposure_auto_priority": "off"})
	if err != nil || len(got) != 3 {
		t.Fatalf("%v, %v", got, err)
	}
	for _, s := range got {
		if want := map[string]int{"brightness": 16, "auto_exposure": 1, "exposure_dynamic_framerate": 0}[s.control.Name]; s.value != want {
			t.Errorf("%s is to be %d, want %d", s.control.Name, s.value, want)
		}
	}
	_, err = matchControls(all, map[string]string{"contrast": "1", "brightness": "300"})
	if err == nil || !strings.HasPrefix(err.Error(), `brightness=300 is out of range: 0 to 255 (default 0); the camera has no control "contrast"; its controls are brightness: 0 to 255`) {
		t.Error(err)
	}
}
