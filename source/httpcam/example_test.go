package httpcam_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
)

// play is a camera for the example: it sends three pictures.
func play(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=frame")
	for n := range 3 {
		io.WriteString(w, "--frame\r\nContent-Type: image/jpeg\r\n\r\n")
		stdjpeg.Encode(w, image.NewGray(image.Rect(0, 0, 160, 40*(n+1))), nil)
		io.WriteString(w, "\r\n")
		http.NewResponseController(w).Flush()
		time.Sleep(50 * time.Millisecond)
	}
	io.WriteString(w, "--frame--\r\n")
}

// Usually a stream.Stream runs a camera, shares its pictures and runs it again when it fails.
func ExampleCamera() {
	server := httptest.NewServer(http.HandlerFunc(play))
	defer server.Close()
	camera := &httpcam.Camera{URL: server.URL, Trace: func(e httpcam.Event) {
		if e.Kind == httpcam.Answered {
			fmt.Println(e.Detail)
		}
	}}
	err := camera.Run(context.Background(), func(p stream.Picture) {
		config, _ := stdjpeg.DecodeConfig(bytes.NewReader(p.JPEG))
		fmt.Println(config.Width, "x", config.Height)
	})
	fmt.Println(err)
	// Output:
	// 200 OK
	// 160 x 40
	// 160 x 80
	// 160 x 120
	// the camera ended its stream
}
