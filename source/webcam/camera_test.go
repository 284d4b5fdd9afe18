package webcam_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/pion/mediadevices/pkg/driver"

	"mjpegazer/source/webcam"
	"mjpegazer/stream"
)

func TestWebcamThatIsNotThere(t *testing.T) {
	for _, address := range []string{"65000", "by-id/usb-nobody", "name/nobody at all", "/dev/nothing"} {
		w := &webcam.Camera{Address: address}
		err := w.Run(t.Context(), func(stream.Picture) { t.Error("a picture") })
		if err == nil || runtime.GOOS == "linux" && !strings.Contains(err.Error(), "no camera ") {
			t.Errorf("%s: %v", address, err)
		}
		if err := w.Check(); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	w := &webcam.Camera{Address: "/dev/null"}
	if err := w.Run(t.Context(), nil); err == nil || runtime.GOOS == "linux" && !strings.Contains(err.Error(), "/dev/null is not a camera") {
		t.Error(err)
	}
}

// A program that uses mediadevices itself finds webcams there without cgo.
func ExampleRegister() {
	d, err := webcam.Register("/dev/video65000")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer driver.GetManager().Delete(d.ID())
	for _, found := range driver.GetManager().Query(driver.FilterVideoRecorder()) {
		if found.Info().Name == "/dev/video65000" {
			fmt.Println(found.Info().DeviceType, found.Info().Name, found.Status())
		}
	}
	// Output: camera /dev/video65000 closed
}
