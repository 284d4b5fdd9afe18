package test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cameraLife bounds a fake camera's connection: no test is longer.
const cameraLife = 5 * time.Minute

// A camera is a fake one: MJPEG over HTTP/1.0 on loopback. Pictures are numbered through all connections.
type camera struct {
	interval time.Duration
	take     func(n int, at time.Time) []byte
	address  string

	taken   atomic.Int64 // pictures so far
	dials   atomic.Int64 // connections so far
	viewers atomic.Int64 // connections now
	most    atomic.Int64 // connections at one time

	mu       sync.Mutex
	listener net.Listener
	dying    chan struct{} // closed by die
	serving  sync.WaitGroup
}

// newCamera starts a camera that takes a picture each interval, until the test ends.
func newCamera(tb testing.TB, interval time.Duration, take func(n int, at time.Time) []byte) *camera {
	tb.Helper()
	c := &camera{interval: interval, take: take, address: "127.0.0.1:0"}
	c.live(tb)
	tb.Cleanup(c.die)
	return c
}

func (c *camera) url() string { return "http://" + c.address + "/video" }

// live makes the camera serve, again at the address that it had.
func (c *camera) live(tb testing.TB) {
	tb.Helper()
	listener, err := net.Listen("tcp", c.address)
	if err != nil {
		tb.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listener, c.dying, c.address = listener, make(chan struct{}), listener.Addr().String()
	c.serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			c.serving.Go(func() { c.serve(conn) })
		}
	})
}

// die cuts every connection in the middle of a picture and refuses new ones, and returns when all of that is done.
func (c *camera) die() {
	c.mu.Lock()
	select {
	case <-c.dying:
	default:
		close(c.dying)
		c.listener.Close()
	}
	c.mu.Unlock()
	c.serving.Wait()
}

func (c *camera) serve(conn net.Conn) {
	defer conn.Close()
	c.dials.Add(1)
	now := c.viewers.Add(1)
	defer c.viewers.Add(-1)
	for most := c.most.Load(); now > most && !c.most.CompareAndSwap(most, now); most = c.most.Load() {
	}
	conn.SetDeadline(time.Now().Add(cameraLife))
	if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
		return
	}
	fmt.Fprint(conn, "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=camera\r\n\r\n--camera\r\n")
	pace := pacer{interval: c.interval}
	for pace.wait(c.dying) {
		if _, err := conn.Write(c.part()); err != nil {
			return
		}
	}
	part := c.part()
	conn.Write(part[:len(part)/2])
}

func (c *camera) part() []byte {
	picture := c.take(int(c.taken.Add(1)), time.Now())
	part := make([]byte, 0, len(picture)+100)
	part = fmt.Appendf(part, "Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n", len(picture))
	part = append(part, picture...)
	return append(part, "\r\n--camera\r\n"...)
}

// A pacer tells when the next picture is due. Who is late is not hurried to catch up, so that two pictures are never much
// nearer to each other than the interval.
type pacer struct {
	interval time.Duration
	due      time.Time
}

// wait returns when a picture is due, and false once done is closed.
func (p *pacer) wait(done <-chan struct{}) bool {
	now := time.Now()
	if p.due = p.due.Add(p.interval); p.due.Before(now.Add(-p.interval / 2)) {
		p.due = now
	}
	select {
	case <-done:
		return false
	case <-time.After(p.due.Sub(now)):
		return true
	}
}
