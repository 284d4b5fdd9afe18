package router_test

import (
	"bufio"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// What an application has put around the response sees every byte of it.
func TestMiddlewareSeesAll(t *testing.T) {
	s := open(t, &streamtest.Camera{Interval: 10 * time.Millisecond, JPEG: streamtest.OfSize(5000).JPEG}, stream.Options{})
	live := router.Live(s, router.Options{})
	var written atomic.Int64
	r := lane{network: "tcp"}.watch(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		live.ServeHTTP(counter{w, &written}, r)
	}))
	seesAll(t, r, &written)
}

// seesAll reads pictures of 5 KB, and checks that none was written without being counted.
func seesAll(t *testing.T, r *bufio.Reader, written *atomic.Int64) {
	t.Helper()
	for i := range 20 {
		readTime(t, r)
		if seen := written.Load(); seen < int64(i+1)*5000 {
			t.Fatalf("after %d pictures of 5 KB only %d bytes were seen", i+1, seen)
		}
	}
}

// What an application has put around connections sees every byte as well.
func TestConnectionSeesAll(t *testing.T) {
	s := open(t, &streamtest.Camera{Interval: 10 * time.Millisecond, JPEG: streamtest.OfSize(5000).JPEG}, stream.Options{})
	var written atomic.Int64
	metered := func(c net.Conn) net.Conn { return meter{c.(*net.TCPConn), &written} }
	r := lane{network: "tcp", accept: metered}.watch(t, router.Live(s, router.Options{}))
	seesAll(t, r, &written)
}

// meter counts what is written, and has all other methods of a TCP connection.
type meter struct {
	*net.TCPConn
	written *atomic.Int64
}

func (m meter) Write(p []byte) (int, error) {
	m.written.Add(int64(len(p)))
	return m.TCPConn.Write(p)
}

// An application that has sent the head itself, which makes net/http write chunks, still gets a whole stream.
func TestHeadSentBefore(t *testing.T) {
	s := open(t, &streamtest.Camera{Interval: 10 * time.Millisecond, JPEG: streamtest.OfSize(5000).JPEG}, stream.Options{})
	live := router.Live(s, router.Options{})
	r := lane{network: "tcp"}.watch(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		live.ServeHTTP(w, r)
	}))
	for range 20 {
		readTime(t, r)
	}
}

// counter counts what is written.
type counter struct {
	http.ResponseWriter
	written *atomic.Int64
}

func (c counter) Write(p []byte) (int, error) {
	c.written.Add(int64(len(p)))
	return c.ResponseWriter.Write(p)
}

func (c counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }
