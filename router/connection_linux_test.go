package router_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"mjpegazer/router"
	"mjpegazer/router/internal/conn"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// lane is a way to a server with ConnContext: how it listens, and how its client comes there.
type lane struct {
	name, network   string
	secure, version bool // TLS, HTTP/2
	buffer          int  // of the viewer's kernel; 0: its own choice
	accept          func(net.Conn) net.Conn
}

// accepting is a listener whose connections are made into others.
type accepting struct {
	net.Listener
	accept func(net.Conn) net.Conn
}

func (a accepting) Accept() (net.Conn, error) {
	c, err := a.Listener.Accept()
	if err == nil && a.accept != nil {
		c = a.accept(c)
	}
	return c, err
}

// serve starts a server of its own.
func (l lane) serve(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnContext = router.ConnContext
	if l.network == "unix" {
		listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
		if err != nil {
			t.Fatal(err)
		}
		server.Listener.Close()
		server.Listener = listener
	}
	server.Listener = accepting{server.Listener, l.accept}
	server.EnableHTTP2 = l.version
	if l.secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}

// dial connects to the server with small buffers.
func (l lane) dial(server *httptest.Server) (net.Conn, error) {
	c, err := net.Dial(l.network, server.Listener.Addr().String())
	if tcp, ok := c.(*net.TCPConn); ok && l.buffer > 0 {
		tcp.SetReadBuffer(l.buffer)
	}
	return c, err
}

// watch asks for the stream and reads it with small buffers.
func (l lane) watch(t *testing.T, handler http.Handler) *bufio.Reader {
	server := l.serve(t, handler)
	transport := &http.Transport{
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return l.dial(server) },
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2: l.version,
		ReadBufferSize:    4096,
		HTTP2:             &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10, MaxReceiveBufferPerConnection: 64 << 10},
	}
	t.Cleanup(transport.CloseIdleConnections)
	scheme := map[bool]string{false: "http", true: "https"}[l.secure]
	response, err := (&http.Client{Transport: transport}).Get(scheme + "://camera.test/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	if want := map[bool]int{false: 1, true: 2}[l.version]; response.ProtoMajor != want {
		t.Fatal(response.Proto)
	}
	return bufio.NewReaderSize(response.Body, 4096)
}

// A viewer that does not read for a while finds next to nothing old: one picture that was under way, and what its own buffers
// hold.
func TestFreshAfterAPause(t *testing.T) {
	for _, l := range []lane{
		{name: "TCP", network: "tcp", buffer: 16 << 10},
		{name: "TLS", network: "tcp", secure: true, buffer: 16 << 10},
		{name: "gathered TLS", network: "tcp", secure: true, buffer: 16 << 10, accept: gather},
		{name: "HTTP/2", network: "tcp", secure: true, version: true, buffer: 16 << 10},
		{name: "unix", network: "unix"},
	} {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, &streamtest.Camera{Interval: 20 * time.Millisecond, JPEG: streamtest.OfSize(50_000).JPEG}, stream.Options{})
			r := l.watch(t, router.Live(s, router.Options{}))
			readTime(t, r)
			time.Sleep(time.Second)
			back, old := time.Now(), 0
			for readTime(t, r).Before(back.Add(-200 * time.Millisecond)) {
				old++
			}
			if old > 10 { // without ConnContext: 40 to 50
				t.Errorf("%d old pictures came", old)
			}
			if s.Stats().Skipped < 20 {
				t.Errorf("only %d pictures were skipped", s.Stats().Skipped)
			}
		})
	}
}

// readTime reads a part, and says when its picture was taken.
func readTime(t *testing.T, r *bufio.Reader) time.Time {
	t.Helper()
	header, _, err := readPart(r)
	if err != nil {
		t.Fatal(err)
	}
	seconds, err := strconv.ParseFloat(header["X-Timestamp"], 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.UnixMicro(int64(seconds * 1e6))
}

// A viewer that reads all gets all, however little is under way at one time.
func TestReadyViewersMissNothing(t *testing.T) {
	s := open(t, &streamtest.Camera{Interval: 20 * time.Millisecond, JPEG: streamtest.OfSize(50_000).JPEG}, stream.Options{})
	r := lane{network: "tcp"}.watch(t, router.Live(s, router.Options{}))
	for range 50 {
		readTime(t, r)
	}
	if n := s.Stats().Skipped; n > 5 {
		t.Errorf("%d of 50 pictures were skipped", n)
	}
}

func ExampleConnContext() {
	camera := stream.New(&streamtest.Camera{Interval: time.Second}, stream.Options{})
	defer camera.Close()
	server := httptest.NewUnstartedServer(router.Live(camera, router.Options{}))
	server.Config.ConnContext = router.ConnContext // pictures do not grow old in the kernel's buffers
	server.Start()
	defer server.Close()
	defer server.CloseClientConnections()

	response, err := http.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	start, _ := io.ReadAll(io.LimitReader(response.Body, 33))
	fmt.Printf("%q\n", start)
	// Output: "--frame\r\nContent-Type: image/jpeg"
}

// Small pictures are pushed past net/http, as far as that has the names that are looked for in it: where a release of Go has
// others nothing else would show it.
func TestPushes(t *testing.T) {
	const size, frames = 5000, 20
	for _, l := range []lane{{name: "TCP", network: "tcp"}, {name: "TLS", network: "tcp", secure: true, accept: gather}} {
		t.Run(l.name, func(t *testing.T) {
			s := open(t, &streamtest.Camera{Interval: 10 * time.Millisecond, JPEG: streamtest.OfSize(size).JPEG}, stream.Options{})
			live := router.Live(s, router.Options{})
			var viewer atomic.Pointer[conn.Conn]
			r := l.watch(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				viewer.Store(conn.Of(r))
				live.ServeHTTP(w, r)
			}))
			for range frames {
				readTime(t, r)
			}
			if n := viewer.Load().Pushed(); n < (frames-5)*size {
				t.Errorf("%d bytes were pushed, of %d pictures of %d", n, frames, size)
			}
		})
	}
}

// gather is for the lane of TLS as the program serves it.
func gather(c net.Conn) net.Conn { return new(conn.Buffers).Gather(c) }

// What the kernel does not take at once of the records of a part comes later, whole, whether the viewer's own goroutine sends the part
// or another.
func TestGatheredPartsAreWhole(t *testing.T) {
	for _, size := range []int{60_000, 300_000, 3_000_000} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			t.Parallel()
			pictures := streamtest.OfSize(size)
			s := open(t, &streamtest.Camera{Interval: 5 * time.Millisecond, JPEG: pictures.JPEG}, stream.Options{})
			r := lane{network: "tcp", secure: true, buffer: 16 << 10, accept: gather}.watch(t, router.Live(s, router.Options{}))
			for last := 0; s.Stats().Skipped < 20; {
				_, jpeg, err := readPart(r)
				if err != nil {
					t.Fatal(err)
				}
				n, err := pictures.Check(jpeg)
				if err != nil || n <= last {
					t.Fatalf("picture %d after %d: %v", n, last, err)
				}
				last = n
				time.Sleep(30 * time.Millisecond)
			}
		})
	}
}

// Viewers that need a second and more for each of very large pictures get them whole, as long as there are few of them.
func TestFewLargePictures(t *testing.T) {
	const size = 16 << 20
	s := open(t, &streamtest.Camera{Interval: 700 * time.Millisecond, JPEG: streamtest.OfSize(size).JPEG}, stream.Options{})
	handler := router.Live(s, router.Options{})
	for range 3 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			r := bufio.NewReaderSize(&unhurried{r: lane{network: "tcp", buffer: 64 << 10}.watch(t, handler), rate: size}, 4096)
			for range 2 {
				readTime(t, r)
			}
		})
	}
}

// unhurried reads so many bytes a second.
type unhurried struct {
	r    io.Reader
	rate int
	due  time.Time
}

func (u *unhurried) Read(p []byte) (int, error) {
	time.Sleep(time.Until(u.due))
	n, err := u.r.Read(p)
	if u.due.IsZero() {
		u.due = time.Now()
	}
	u.due = u.due.Add(time.Duration(n) * time.Second / time.Duration(u.rate))
	return n, err
}
