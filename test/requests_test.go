package test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// connect opens a bare connection to a program.
func connect(t *testing.T, p *program) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(p.url, "http://"), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// answers reads all that comes for a request, which must end within a time, and returns how long that took.
func answers(t *testing.T, conn net.Conn, request string, most time.Duration) (text string, took time.Duration) {
	t.Helper()
	begun := time.Now()
	conn.SetDeadline(begun.Add(5 * most))
	go io.WriteString(conn, request) // a server that has answered need not read on
	got, err := io.ReadAll(conn)
	if took = time.Since(begun); err != nil && len(got) == 0 {
		t.Errorf("%.60q: %v after %v", request, err, took)
	}
	return string(got), took
}

// TestStrangeRequests sends what scanners, broken clients and attackers send.
func TestStrangeRequests(t *testing.T) {
	p := start(t, command(t, anyPort, "pattern:#width=64&height=48&fps=5"))
	const most = 5500 * time.Millisecond
	large := strings.Repeat("x", 1<<20)
	var all sync.WaitGroup
	for _, test := range []struct{ name, request, want string }{
		{"large headers", "GET /status HTTP/1.1\r\nHost: localhost\r\nX-Large: " + large + "\r\n\r\n", "HTTP/1.1 431 "},
		{"no request", "\x16\x03\x01\x02\x00\x01\x00", "HTTP/1.1 400 "},
		{"half a request", "GET /live HTTP/1.1\r\nHost: localhost\r\n", ""},
		{"body that never comes", "GET /live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n", "HTTP/1.1 413 "},
		{"body of a snapshot that never comes", "GET /snapshot HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx", "HTTP/1.1 413 "},
		{"body for nothing", "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello", "HTTP/1.1 413 "},
		{"large body", "POST /live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048576\r\n\r\n" + large, "HTTP/1.1 413 "},
		{"body", "GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 200 "},
		{"body expected", "GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello", "HTTP/1.1 100 "},
		{"expectation", "GET /status HTTP/1.1\r\nHost: localhost\r\nExpect: miracle\r\n\r\n", "HTTP/1.1 417 "},
		{"old", "GET /status HTTP/1.0\r\n\r\n", "HTTP/1.0 200 "},
		{"HEAD", "HEAD /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 "},
		{"range", "GET /snapshot HTTP/1.1\r\nHost: localhost\r\nRange: bytes=10-20\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 "},
		{"pipeline", "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 "},
	} {
		conn := connect(t, p)
		all.Go(func() {
			got, took := answers(t, conn, test.request, most)
			if !strings.HasPrefix(got, test.want) {
				t.Errorf("%s: %.200q, want %q", test.name, got, test.want)
			}
			if test.name == "pipeline" && strings.Count(got, "HTTP/1.1 200 ") != 2 {
				t.Errorf("not two answers: %q", got)
			}
			t.Logf("%s: ended after %v", test.name, took.Round(time.Millisecond))
			if took > 2*most {
				t.Errorf("%s: ended after %v; %v are promised", test.name, took, most)
			}
		})
	}
	all.Wait()
}

// TestStrangeViewers watches in ways that are right, and rare.
func TestStrangeViewers(t *testing.T) {
	camera := newCamera(t, 50*time.Millisecond, streamtest.OfSize(4_000).JPEG)
	p := start(t, command(t, anyPort, camera.URL))
	for name, request := range map[string]string{
		"old":           "GET /live HTTP/1.0\r\n\r\n",
		"range":         "GET /live HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-\r\n\r\n",
		"body":          "GET /live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
		"pipeline":      "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\nGET /status HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"half a stream": "GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			conn := connect(t, p)
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			io.WriteString(conn, request)
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || response.StatusCode != http.StatusOK {
				t.Fatal(response, err)
			}
			v := &viewer{conn: conn, reader: bufio.NewReader(response.Body)}
			if err := v.expect("--frame\r\n"); err != nil {
				t.Fatal(err)
			}
			for range 5 {
				if _, err := v.next(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestDrip has a thousand clients who never finish their request.
func TestDrip(t *testing.T) {
	camera := newCamera(t, 50*time.Millisecond, streamtest.OfSize(4_000).JPEG)
	p := start(t, command(t, anyPort, camera.URL))
	var drips sync.WaitGroup
	begun := time.Now()
	longest := make([]time.Duration, 1000)
	for i := range longest {
		conn := connect(t, p)
		drips.Go(func() {
			opened := time.Now()
			go func() {
				fmt.Fprint(conn, "GET /live HTTP/1.1\r\nHost: localhost\r\nX-Drip: ")
				for time.Since(opened) < 30*time.Second {
					if _, err := io.WriteString(conn, "x"); err != nil {
						return
					}
					time.Sleep(500 * time.Millisecond)
				}
			}()
			io.Copy(io.Discard, conn)
			longest[i] = time.Since(opened)
		})
	}
	t.Logf("1,000 clients came in %v", time.Since(begun))
	asked := time.Now()
	v := view(t, p.url+"/live")
	took := time.Since(asked)
	if err := v.expect("--frame\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.next(); err != nil {
		t.Fatal(err)
	}
	drips.Wait()
	var most time.Duration
	for _, d := range longest {
		most = max(most, d)
	}
	t.Logf("a viewer beside them was answered after %v; the last of them was closed after %v", took, most)
	if took > 5*100*time.Millisecond || most > 2*5500*time.Millisecond {
		t.Error("100 ms and 5.5 s are promised")
	}
}
