package router_test

import (
	"cmp"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// still is a camera that shows picture n, and nothing after it.
func still(n int) *streamtest.Camera {
	return &streamtest.Camera{Limit: 1, JPEG: func(int, time.Time) []byte { return streamtest.Picture(n) }}
}

// dead is a camera that cannot be reached.
func dead() *streamtest.Camera { return &streamtest.Camera{Err: errors.New("connection refused")} }

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
	front := open(t, &streamtest.Camera{Limit: 1, JPEG: streamtest.OfPixels(64, 48).JPEG}, stream.Options{})
	gone := open(t, dead(), stream.Options{Stall: 300 * time.Millisecond})
	return serve(t, router.New([]router.Camera{
		{Name: "front", Stream: front, Address: "http://camera/video"},
		{Name: "gone", Stream: gone},
	}, router.Options{}))
}
