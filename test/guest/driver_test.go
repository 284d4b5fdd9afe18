//go:build linux

package guest

import (
	"bytes"
	"image"
	"image/color"
	"os"
	"os/exec"
	"testing"

	"github.com/pion/mediadevices/pkg/driver"
	"github.com/pion/mediadevices/pkg/frame"
	"github.com/pion/mediadevices/pkg/io/video"
	"github.com/pion/mediadevices/pkg/prop"

	"mjpegazer/source/webcam"
)

// record reads a webcam as a program does that knows mediadevices and not us.
func record(t *testing.T, name string, p prop.Media) video.Reader {
	t.Helper()
	d, err := webcam.Register(node(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { driver.GetManager().Delete(d.ID()) })
	if err := d.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	offered := false
	for _, m := range d.Properties() {
		offered = offered || m.FrameFormat == p.FrameFormat && m.Width == p.Width && m.Height == p.Height
	}
	if !offered {
		t.Fatalf("%v is not among the properties", p)
	}
	r, err := d.(driver.VideoRecorder).VideoRecord(p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func media(format frame.Format, width, height int) prop.Media {
	return prop.Media{Video: prop.Video{FrameFormat: format, Width: width, Height: height, FrameRate: 30}}
}

// The pictures of the driver are images like any other to those who look at their pixels.
func TestDriver(t *testing.T) {
	all := jpegs(t, small, 4)
	bare := make([][]byte, len(all))
	for i, p := range all {
		bare[i] = withoutTables(p)
	}
	plug(t, usbWebcam("Driver Webcam", bare))
	r, g, b := color.YCbCrToRGB(140, 60, 190) // mediadevices' decoders take samples of limited range for full ones
	orange := color.RGBA{r, g, b, 255}
	for _, format := range []frame.Format{frame.FormatYUYV, frame.FormatNV12} {
		t.Run(string(format), func(t *testing.T) {
			img, release, err := record(t, "Driver Webcam", media(format, large.Width, large.Height)).Read()
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			if img.Bounds() != image.Rect(0, 0, large.Width, large.Height) || img.ColorModel() != color.YCbCrModel {
				t.Errorf("the picture is %v", img.Bounds())
			}
			sameColour(t, img, 0, 0, orange)
			sameColour(t, img, large.Width-1, large.Height-1, orange)
		})
	}
	t.Run("MJPEG", func(t *testing.T) {
		reader := record(t, "Driver Webcam", media(frame.FormatMJPEG, small.Width, small.Height))
		var kept []image.Image
		for range 6 { // none of which is released
			img, _, err := reader.Read()
			if err != nil {
				t.Fatal(err)
			}
			kept = append(kept, img)
		}
		for i, img := range kept {
			at := position(bare, img.(interface{ JPEG() []byte }).JPEG())
			if at < 0 || i > 0 && bytes.Equal(kept[i-1].(interface{ JPEG() []byte }).JPEG(), bare[at]) {
				t.Fatalf("picture %d was written to, or came twice", i)
			}
			want := color.RGBAModel.Convert(decode(t, all[at]).At(100, 77)).(color.RGBA)
			sameColour(t, img, 100, 77, want)
		}
	})
	t.Run("grey", func(t *testing.T) {
		img, release, err := record(t, "vivid", media("GREY", 640, 360)).Read()
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		sameColour(t, img, 40, 340, color.RGBA{191, 191, 191, 255})
		sameColour(t, img, 600, 340, color.RGBA{0, 0, 0, 255})
	})
}

// TestLayouts runs the tests of source/v4l2 that need a camera: each way in which a kernel of this architecture lays out its
// buffers gives pictures.
func TestLayouts(t *testing.T) {
	cmd := exec.Command("/v4l2.test", "-test.run=Kernel", "-test.v")
	cmd.Env = append(os.Environ(), "MJPEGAZER_CAMERA="+node("vivid"))
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestKernelLayouts")) {
		t.Errorf("%v\n%s", err, out)
	}
}
