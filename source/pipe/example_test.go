package pipe_test

import (
	"context"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/mattn/go-mjpeg"

	"mjpegazer/source/pipe"
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

// A decoder that you have already, such as go-mjpeg's, is a camera, too.
func ExampleDecoder() {
	server := httptest.NewServer(http.HandlerFunc(play))
	defer server.Close()
	camera := pipe.Decoder(func(ctx context.Context) (pipe.DecodeRawer, io.Closer, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		if err != nil {
			return nil, nil, err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, nil, err
		}
		decoder, err := mjpeg.NewDecoderFromResponse(resp)
		return decoder, resp.Body, err
	})
	s := stream.New(camera, stream.Options{})
	defer s.Close()
	for frame := range s.Frames(context.Background()) {
		fmt.Println(len(frame.JPEG()) > 0)
		break
	}
	// Output: true
}
