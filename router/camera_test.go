package router_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
)

// picture makes a JPEG of at least size bytes, another for each n.
func picture(n, size int) []byte {
	m := image.NewGray(image.Rect(0, 0, 32, 24))
	for i := range m.Pix {
		m.Pix[i] = byte(i * (n + 1))
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		panic(err)
	}
	p := b.Bytes()
	for len(p) < size { // comments (T.81, B.2.4.5) make it as large as it must be
		comment := make([]byte, min(size-len(p), 60000)+4)
		copy(comment, []byte{0xFF, 0xFE, byte((len(comment) - 2) >> 8), byte(len(comment) - 2)})
		p = append(p[:2:2], append(comment, p[2:]...)...)
	}
	return p
}

// pictures is a camera that sends the pictures given, one each interval, and then waits.
func pictures(interval time.Duration, all ...[]byte) stream.SourceFunc {
	return func(ctx context.Context, emit func(stream.Picture)) error {
		for i, p := range all {
			emit(stream.Picture{JPEG: p, Time: time.Unix(1700000000, int64(i)*1000)})
			select {
			case <-time.After(interval):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		<-ctx.Done()
		return ctx.Err()
	}
}

// ticking is a camera whose pictures say when they were taken.
func ticking(interval time.Duration, size int) stream.SourceFunc {
	p := picture(1, size)
	return func(ctx context.Context, emit func(stream.Picture)) error {
		for ctx.Err() == nil {
			emit(stream.Picture{JPEG: p, Time: time.Now()})
			select {
			case <-time.After(interval):
			case <-ctx.Done():
			}
		}
		return ctx.Err()
	}
}

// dead is a camera that cannot be reached.
var dead = stream.SourceFunc(func(context.Context, func(stream.Picture)) error {
	return errors.New("connection refused")
})

// open makes a Stream that lingers as the program's do, unless options say otherwise.
func open(t *testing.T, source stream.Source, options stream.Options) *stream.Stream {
	t.Helper()
	options.Linger = cmp.Or(options.Linger, stream.DefaultLinger)
	s := stream.New(source, options)
	t.Cleanup(func() { s.Close() })
	return s
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}

func get(t *testing.T, method, url string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(r) // redirects are not followed
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func site(t *testing.T) *httptest.Server {
	front := open(t, pictures(time.Hour, picture(1, 0)), stream.Options{})
	gone := open(t, dead, stream.Options{Stall: 300 * time.Millisecond})
	return serve(t, router.New([]router.Camera{
		{Name: "front", Stream: front, Address: "http://camera/video"},
		{Name: "gone", Stream: gone},
	}, router.Options{}))
}
