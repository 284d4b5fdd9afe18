package pipe_test

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

// Standard input would be read in the same way.
func ExampleInput() {
	var data bytes.Buffer
	stdjpeg.Encode(&data, image.NewGray(image.Rect(0, 0, 160, 120)), nil)
	input := &pipe.Input{Reader: &data}
	err := input.Run(context.Background(), func(p stream.Picture) {
		config, _ := stdjpeg.DecodeConfig(bytes.NewReader(p.JPEG))
		fmt.Println(config.Width, "x", config.Height)
	})
	fmt.Println(err)
	// Output:
	// 160 x 120
	// the source has ended
}

// A film that starts again at its end, at five pictures a second.
func ExampleFile() {
	s := stream.New(&pipe.File{Path: "film.mjpeg", FPS: 5, Loop: true}, stream.Options{})
	defer s.Close()
}

func ExampleCommand() {
	args, err := pipe.SplitCommand(`ffmpeg -i "rtsp://192.168.1.20/live stream" -f mjpeg -`)
	if err != nil {
		fmt.Println(err)
		return
	}
	s := stream.New(&pipe.Command{Args: args}, stream.Options{})
	defer s.Close()
	fmt.Println(args[2])
	// Output: rtsp://192.168.1.20/live stream
}
