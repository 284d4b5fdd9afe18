package router_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"mjpegazer/router"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// A road is a way by which viewers come that do not read.
type road struct {
	lane
	deaf bool // a client of HTTP/2 that allows everything to be sent, and reads nothing
}

var roads = []road{
	{lane: lane{name: "HTTP/1.1", network: "tcp", buffer: 4096}},
	{lane: lane{name: "HTTP/1.1 over TLS", network: "tcp", buffer: 4096, secure: true, accept: gather}},
	{lane: lane{name: "HTTP/2", network: "tcp", buffer: 4096, secure: true, version: true, accept: gather}},
	{lane: lane{name: "HTTP/2, deaf", network: "tcp", buffer: 4096, secure: true, version: true, accept: gather}, deaf: true},
	{lane: lane{name: "Unix socket", network: "unix"}},
}

// A crowd is viewers of one server that come by one road.
type crowd struct {
	road
	t      *testing.T
	server *httptest.Server
	rate   int        // bytes a second that each reads
	mu     sync.Mutex // for the framer
	framer *http2.Framer
	id     uint32 // of the latest stream
}

func (c *crowd) connect() net.Conn {
	conn, err := c.dial(c.server)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { conn.Close() })
	if !c.secure {
		return conn
	}
	protocol := map[bool]string{false: "http/1.1", true: "h2"}[c.version]
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{protocol}})
	if err := secure.Handshake(); err != nil || c.version && secure.ConnectionState().NegotiatedProtocol != protocol {
		c.t.Fatal(err)
	}
	return secure
}

// come adds a viewer: by HTTP/2 a stream of the one connection, on which nothing may be sent but so many bytes a second.
func (c *crowd) come(path string) {
	if c.version {
		c.comeByHTTP2(path)
		return
	}
	conn := c.connect()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)
	c.slowly(func() error { _, err := conn.Read(make([]byte, 1)); return err })
}

// slowly takes one byte after the other.
func (c *crowd) slowly(take func() error) {
	if c.rate == 0 {
		return
	}
	go func() {
		for take() == nil {
			time.Sleep(time.Second / time.Duration(c.rate))
		}
	}()
}

func (c *crowd) comeByHTTP2(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.framer == nil {
		conn, window := c.connect(), uint32(0)
		if c.deaf {
			window = 1<<31 - 1
		} else {
			go io.Copy(io.Discard, conn)
		}
		io.WriteString(conn, http2.ClientPreface)
		c.framer = http2.NewFramer(conn, conn)
		c.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window})
		c.framer.WriteSettingsAck()
		c.framer.WriteWindowUpdate(0, 1<<30)
	}
	c.id = max(1, c.id+2) | 1
	id, block := c.id, bytes.Buffer{}
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "localhost"}, {":path", path}} {
		encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true})
	if !c.deaf {
		c.slowly(func() error {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.framer.WriteWindowUpdate(id, 1)
		})
	}
}

// awaitViewers waits until a stream has so few viewers, or so many.
func awaitViewers(t *testing.T, s *stream.Stream, what string, least, most int, within time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		n := s.Stats().Viewers
		if n >= least && n <= most {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%s: after %v there are %d viewers, not %d to %d", what, within, n, least, most)
			return
		}
	}
}

// answered is what a handler says within a second.
func answered(t *testing.T, handler http.Handler, path string) *httptest.ResponseRecorder {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil).WithContext(ctx))
	return w
}

// together does the same for all roads and paths at the same time: most of it is waiting.
func together(t *testing.T, paths []string, do func(r road, path, what string)) {
	var all sync.WaitGroup
	for _, r := range roads {
		for _, path := range paths {
			all.Go(func() { do(r, path, r.name+", "+path) })
		}
	}
	all.Wait()
}

var watchPaths = []string{"/door/live", "/wall?camera=door"}

// TestViewersThatDoNotRead tries all ways by which viewers come: who takes nothing, or next to nothing, is evicted after about 10 s, and
// meanwhile there are as many as may be, and no more.
func TestViewersThatDoNotRead(t *testing.T) {
	t.Parallel()
	const most = 4
	var all sync.WaitGroup
	for _, rate := range []int{0, 10} { // 10 bytes a second are enough for HTTP/2 to get over the first delimiter
		all.Go(func() {
			together(t, watchPaths, func(r road, path, what string) {
				s := open(t, &streamtest.Camera{Interval: 100 * time.Millisecond, JPEG: streamtest.OfSize(50_000).JPEG}, stream.Options{})
				limits := &router.Limits{MaxViewersPerCamera: most}
				handler := router.New([]router.Camera{{Name: "door", Stream: s}}, router.Options{Limits: limits, Heartbeat: 4 * time.Second})
				c := &crowd{road: r, t: t, server: r.serve(t, handler), rate: rate}
				begun := time.Now()
				for range most + 1 {
					c.come(path)
				}
				awaitViewers(t, s, what, most, most, 10*time.Second)
				if code := answered(t, handler, path).Code; code != http.StatusServiceUnavailable {
					t.Errorf("%s: another viewer gets %d", what, code)
				}
				awaitViewers(t, s, what, 0, 0, 50*time.Second)
				if took := time.Since(begun); took < 9*time.Second {
					t.Errorf("%s, %d bytes a second: they were evicted after %v", what, rate, took)
				}
			})
		})
	}
	all.Wait()
}

// TestPicturesThatNobodyReads tries the bound of memory in all these ways: who holds a picture is counted from the first byte on, and
// of many large pictures three may be held, beside the newest.
func TestPicturesThatNobodyReads(t *testing.T) {
	t.Parallel()
	const viewers, few = 7, 3
	picture := streamtest.OfSize(5<<20).JPEG(1, time.Now())
	ctx, stop := context.WithCancel(t.Context())
	var collecting sync.WaitGroup
	defer collecting.Wait()
	defer stop()
	collecting.Go(func() {
		for ; ctx.Err() == nil; time.Sleep(200 * time.Millisecond) {
			runtime.GC()
		}
	})
	together(t, watchPaths, func(r road, path, what string) {
		next := make(chan struct{})
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			for range next {
				emit(stream.Picture{JPEG: picture})
			}
			return stream.ErrEnded
		}), stream.Options{Stall: time.Minute})
		defer close(next)
		handler := router.New([]router.Camera{{Name: "door", Stream: s}}, router.Options{})
		c := &crowd{road: r, t: t, server: r.serve(t, handler)}
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		var held atomic.Int64
		for range viewers { // each gets another picture
			next <- struct{}{}
			frame, err := v.Next(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			held.Add(1)
			runtime.AddCleanup(frame, func(int) { held.Add(-1) }, 0)
			c.come(path)
			time.Sleep(200 * time.Millisecond)
		}
		for deadline := time.Now().Add(9 * time.Second); held.Load() > few+1; time.Sleep(100 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Errorf("%s: %d pictures are held", what, held.Load())
				return
			}
		}
	})
}
