package httpcam_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"mjpegazer/source"
	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
)

// A camera plays cameras in memory: it answers the nth request of its nth connection as serve does, then hangs up, unless
// serve returns true.
type camera struct {
	serve func(conn net.Conn, r *http.Request) (again bool)

	serving  sync.WaitGroup
	mu       sync.Mutex
	open     int // connections
	most     int // open at once
	dialled  []string
	requests []*http.Request
	took     time.Duration // of the latest run
}

// serving returns a camera that answers every request with text and hangs up.
func serving(text string) *camera {
	return &camera{serve: func(conn net.Conn, _ *http.Request) bool {
		conn.Write([]byte(text))
		return false
	}}
}

// dial is for DialContext.
func (c *camera) dial(_ context.Context, _, addr string) (net.Conn, error) {
	near, far := net.Pipe()
	c.mu.Lock()
	c.dialled = append(c.dialled, addr)
	c.open++
	c.most = max(c.most, c.open)
	c.mu.Unlock()
	c.serving.Go(func() {
		defer far.Close()
		in := bufio.NewReader(far)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			c.mu.Lock()
			c.requests = append(c.requests, r)
			c.mu.Unlock()
			if !c.serve(far, r) {
				return
			}
		}
	})
	return &counted{Conn: near, camera: c}, nil
}

// counted is a connection that says when it is closed.
type counted struct {
	net.Conn
	camera *camera
	once   sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() {
		c.camera.mu.Lock()
		c.camera.open--
		c.camera.mu.Unlock()
	})
	return c.Conn.Close()
}

// asked returns the requests so far.
func (c *camera) asked() []*http.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests)
}

// closed fails if a connection is left, or two were open at once.
func (c *camera) closed(t testing.TB) {
	t.Helper()
	c.serving.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open != 0 || c.most > 1 {
		t.Errorf("%d connections left, %d at once", c.open, c.most)
	}
}

// run runs h on the camera until it ends or n pictures have come, and returns what was emitted.
func (c *camera) run(t testing.TB, h *httpcam.Camera, n int) (pictures [][]byte, emitted []stream.Picture, err error) {
	t.Helper()
	if h.URL == "" {
		h.URL = "http://cam/video"
	}
	h.DialContext = c.dial
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	start := time.Now()
	err = h.Run(ctx, func(p stream.Picture) {
		if p.JPEG != nil && len(pictures) < n {
			pictures = append(pictures, bytes.Clone(p.JPEG))
		}
		p.JPEG = nil
		emitted = append(emitted, p)
		if len(pictures) == n {
			cancel()
		}
	})
	c.took = time.Since(start)
	c.closed(t)
	return pictures, emitted, err
}

// part is a picture as a part of a stream.
func part(jpeg []byte) string {
	return fmt.Sprintf("--x\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n", len(jpeg), jpeg)
}

// parse returns the source that text describes.
func parse(t testing.TB, text string) stream.Source {
	t.Helper()
	c, err := source.Parse(text, source.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Source
}
