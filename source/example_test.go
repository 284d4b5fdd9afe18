package source_test

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

	"mjpegazer/source"
	"mjpegazer/stream"
)

// play is a camera for the examples: it sends three pictures.
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

// A camera is read by whatever takes its pictures; usually that is a stream.Stream, which also asks it again.
func ExampleHTTP() {
	server := httptest.NewServer(http.HandlerFunc(play))
	defer server.Close()
	camera := &source.HTTP{URL: server.URL}
	err := camera.Run(context.Background(), func(p stream.Picture) {
		config, _ := stdjpeg.DecodeConfig(bytes.NewReader(p.JPEG))
		fmt.Println(config.Width, "x", config.Height)
	})
	fmt.Println(err)
	// Output:
	// 160 x 40
	// 160 x 80
	// 160 x 120
	// the camera ended its stream
}

func ExampleParse() {
	camera, err := source.Parse("https://cam:secret@192.168.1.20/video?key=x#stall=1m&insecure", source.Defaults{})
	fmt.Println(camera.Display, camera.Stall, err)
	_, err = source.Parse("https://cam:secret@192.168.1.20/video#stal=1m", source.Defaults{})
	fmt.Println(err)
	// Output:
	// https://192.168.1.20/video 1m0s <nil>
	// https://192.168.1.20/video: option 1 behind the # is unknown here; known are auth, ca, header, insecure, ipv4, max-frame, pin, poll, stall
}

// Any bytes with JPEGs in them will do.
func ExampleParts() {
	var data bytes.Buffer
	for range 2 {
		data.WriteString("rubbish")
		stdjpeg.Encode(&data, image.NewGray(image.Rect(0, 0, 16, 16)), nil)
	}
	parts := source.NewParts(&data, 0)
	for {
		part, err := parts.Next()
		if err != nil {
			fmt.Println(err)
			break
		}
		_, err = stdjpeg.Decode(bytes.NewReader(part.JPEG))
		fmt.Println("a picture,", err)
	}
	// Output:
	// a picture, <nil>
	// a picture, <nil>
	// EOF
}

// A decoder that you have already, such as go-mjpeg's, is a camera, too.
func ExampleDecoder() {
	server := httptest.NewServer(http.HandlerFunc(play))
	defer server.Close()
	camera := source.Decoder(func(ctx context.Context) (source.DecodeRawer, io.Closer, error) {
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

func ExampleDisplay() {
	fmt.Println(source.Display("http://cam:secret@192.168.1.20/video?key=x"))
	fmt.Println(source.Display("exec:ffmpeg -i rtsp://cam:secret@192.168.1.20/ -f mjpeg -"))
	// Output:
	// http://192.168.1.20/video
	// exec:ffmpeg
}
