package streamtest_test

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mattn/go-mjpeg"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

func TestPictures(t *testing.T) {
	at := time.Unix(1700000000, 123456789)
	for _, size := range []int{1300, 1301, 1302, 1303, 1304, 4_000, 20_000, 500_000} {
		p := streamtest.OfSize(size)
		picture := p.JPEG(7, at)
		if len(picture) != size {
			t.Errorf("%d bytes, want %d", len(picture), size)
		}
		if _, err := jpeg.Decode(bytes.NewReader(picture)); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		if n, err := p.Check(picture); n != 7 || err != nil {
			t.Errorf("%d bytes: picture %d, %v", size, n, err)
		}
		if n, taken, err := streamtest.ReadStamp(picture[:streamtest.StampLength]); n != 7 || !taken.Equal(at) || err != nil {
			t.Errorf("%d bytes: picture %d of %v, %v", size, n, taken, err)
		}
		picture[size/2] ^= 1
		if _, err := p.Check(picture); err == nil {
			t.Errorf("%d bytes: a changed bit is not found", size)
		}
	}
	if m, err := jpeg.DecodeConfig(bytes.NewReader(streamtest.OfPixels(640, 480).JPEG(1, at))); m.Width != 640 || m.Height != 480 || err != nil {
		t.Errorf("%+v, %v", m, err)
	}
	if !bytes.Equal(streamtest.Picture(3), streamtest.Picture(3)) || bytes.Equal(streamtest.Picture(3), streamtest.Picture(4)) {
		t.Error("a picture's number does not decide what it looks like")
	}
}

func TestCamera(t *testing.T) {
	refused := errors.New("connection refused")
	for _, test := range []struct {
		name     string
		camera   *streamtest.Camera
		pictures int
		after    time.Duration
		err      error
	}{
		{"endless", &streamtest.Camera{}, 251, 10 * time.Second, context.DeadlineExceeded},
		{"slow", &streamtest.Camera{Interval: 3 * time.Second}, 4, 10 * time.Second, context.DeadlineExceeded},
		{"falls silent", &streamtest.Camera{Limit: 2}, 2, 10 * time.Second, context.DeadlineExceeded},
		{"ends", &streamtest.Camera{Limit: 2, Err: stream.ErrEnded}, 2, 80 * time.Millisecond, stream.ErrEnded},
		{"cannot be reached", &streamtest.Camera{Err: refused}, 0, 0, refused},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+1)
			defer cancel()
			begun, n := time.Now(), 0
			err := test.camera.Run(ctx, func(p stream.Picture) {
				if n++; !bytes.Equal(p.JPEG, streamtest.Picture(n)) || !p.Time.Equal(time.Now()) {
					t.Errorf("%s: picture %d is another", test.name, n)
				}
			})
			if took := time.Since(begun).Truncate(time.Millisecond); n != test.pictures || took != test.after || err != test.err {
				t.Errorf("%s: %d pictures, %v after %v", test.name, n, err, took)
			}
			if now, most := test.camera.Running(); now != 0 || most != 1 || len(test.camera.Starts()) != 1 || test.camera.Sent() != n {
				t.Errorf("%s: %d runs of %d, %v, %d pictures", test.name, now, most, test.camera.Starts(), test.camera.Sent())
			}
		})
	}
}

func TestServer(t *testing.T) {
	pictures := streamtest.OfSize(4_000)
	camera := &streamtest.Camera{Interval: time.Millisecond, JPEG: pictures.JPEG}
	server := streamtest.NewServer(camera)
	defer server.Stop()
	last := 0
	for range 2 {
		response, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body := &bytes.Buffer{}
		decoder := mjpeg.NewDecoder(io.TeeReader(response.Body, body), "camera")
		for range 3 {
			picture, err := decoder.DecodeRaw()
			if err != nil {
				t.Fatal(err)
			}
			n, err := pictures.Check(bytes.TrimSuffix(picture, []byte("\r\n")))
			if err != nil || n <= last {
				t.Errorf("picture %d after %d, %v", n, last, err)
			}
			last = n
		}
		server.Stop()
		io.Copy(io.Discard, io.TeeReader(response.Body, body)) // its error is the cut
		if !bytes.Contains(body.Bytes(), []byte("\r\n\r\n\xff\xd8")) || bytes.HasSuffix(body.Bytes(), []byte("--camera\r\n")) {
			t.Error("the connection was not cut in the middle of a picture")
		}
		if r, err := http.Get(server.URL); err == nil {
			r.Body.Close()
			t.Error("a camera that is stopped answers")
		}
		server.Start()
	}
	if n := len(camera.Starts()); n != 2 {
		t.Errorf("%d runs for 2 connections", n)
	}
}
