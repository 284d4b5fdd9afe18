package webcam_test

import (
	"fmt"

	"mjpegazer/source/webcam"
	"mjpegazer/stream"
)

// A webcam at any port, with a fixed exposure.
func ExampleCamera() {
	camera := &webcam.Camera{
		Address: "name/HD Webcam", Width: 1280, Height: 720,
		Controls: map[string]string{"auto_exposure": "Manual Mode", "exposure_time_absolute": "100"},
	}
	if err := camera.Check(); err != nil {
		fmt.Println(err)
		return
	}
	s := stream.New(camera, stream.Options{})
	defer s.Close()
}

func ExampleFormats() {
	fmt.Println(webcam.Formats()[:2], webcam.IsFormat("YUY2"))
	// Output: [mjpeg yuyv] true
}
