package router_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
)

// wire is what comes over a socket for a request, until it is quiet for a while.
func wire(t *testing.T, server *httptest.Server, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, request)
	var got bytes.Buffer
	for {
		c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		if _, err := io.CopyN(&got, c, 1); err != nil {
			return got.String()
		}
	}
}

func TestFormsOnTheWire(t *testing.T) {
	a, b := picture(1, 0), picture(2, 0)
	s := open(t, pictures(20*time.Millisecond, a, b), stream.Options{Linger: time.Nanosecond})
	server := serve(t, router.Live(s, router.Options{}))
	part := func(n int, p []byte) string {
		return fmt.Sprintf("Content-Type: image/jpeg\r\nContent-Length: %d\r\nX-Timestamp: 1700000000.00000%d\r\n\r\n%s\r\n--frame\r\n", len(p), n, p)
	}
	open := func(p []byte) string { return string(p) + "\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n" }
	for _, test := range []struct{ name, request, body string }{
		{"framed", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "--frame\r\n" + part(0, a) + part(1, b)},
		{"framed, HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "--frame\r\n" + part(0, a) + part(1, b)},
		{"browser", "GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html,image/AVIF\r\n\r\n",
			"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + open(a) + open(b)},
	} {
		t.Run(test.name, func(t *testing.T) {
			head, body, _ := strings.Cut(wire(t, server, test.request), "\r\n\r\n")
			if body != test.body {
				t.Errorf("body is %q\nwant %q", body, test.body)
			}
			for _, line := range []string{
				"Content-Type: multipart/x-mixed-replace; boundary=frame", "Cache-Control: no-store", "X-Accel-Buffering: no",
			} {
				if !strings.Contains(head, "\r\n"+line) {
					t.Errorf("no %q in the head %q", line, head)
				}
			}
			if strings.Contains(head, "Transfer-Encoding") {
				t.Errorf("head %q", head)
			}
		})
		time.Sleep(100 * time.Millisecond) // the camera begins anew for the next
	}
}

type countingListener struct {
	net.Listener
	writes atomic.Int64
}

type countingConn struct {
	net.Conn
	writes *atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countingConn{c, &l.writes}, err
}

func (c countingConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

func TestOneWriteAFrame(t *testing.T) {
	for _, size := range []int{0, 3000, 50_000, 500_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			all := make([][]byte, 20)
			for i := range all {
				all[i] = picture(i, size)
			}
			s := open(t, pictures(10*time.Millisecond, all...), stream.Options{})
			server := httptest.NewUnstartedServer(router.Live(s, router.Options{}))
			counting := &countingListener{Listener: server.Listener}
			server.Listener = counting
			server.Start()
			defer server.Close()
			defer server.CloseClientConnections()
			body := get(t, "GET", server.URL).Body
			for i := range all {
				if _, got, err := readPart(bufio.NewReader(body)); i == 0 && (err != nil || !bytes.Equal(got, all[0])) {
					t.Fatal("the first picture is another", err)
				} else if err != nil {
					break
				}
				if s.Stats().Frames == uint64(len(all)) {
					break
				}
			}
			for s.Stats().Frames < uint64(len(all)) {
				time.Sleep(10 * time.Millisecond)
			}
			sent := int64(s.Stats().Frames - s.Stats().Skipped)
			if n := counting.writes.Load(); n > sent+1 {
				t.Errorf("%d writes for %d frames and the head", n, sent)
			}
		})
	}
}

// readPart reads a part as RFC 2046 and its Content-Length say.
func readPart(r *bufio.Reader) (header map[string]string, body []byte, err error) {
	header = map[string]string{}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, nil, err
		}
		line = strings.TrimSpace(line)
		if name, value, ok := strings.Cut(line, ": "); ok {
			header[name] = value
		} else if line == "" && len(header) > 0 {
			break
		}
	}
	var n int
	fmt.Sscan(header["Content-Length"], &n)
	body = make([]byte, n)
	_, err = io.ReadFull(r, body)
	return header, body, err
}

func TestViewersStayWhileTheCameraIsAway(t *testing.T) {
	run := 0
	s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
		run++
		emit(stream.Picture{JPEG: picture(run, 0)})
		time.Sleep(100 * time.Millisecond)
		return fmt.Errorf("connection reset by peer")
	}), stream.Options{})
	server := serve(t, router.Live(s, router.Options{}))
	r := bufio.NewReader(get(t, "GET", server.URL).Body)
	for i := 1; i <= 4; i++ {
		if _, got, err := readPart(r); err != nil || !bytes.Equal(got, picture(i, 0)) {
			t.Fatalf("picture %d: %v", i, err)
		}
	}
}

func TestFPS(t *testing.T) {
	all := make([][]byte, 100)
	for i := range all {
		all[i] = picture(i, 0)
	}
	s := open(t, pictures(10*time.Millisecond, all...), stream.Options{})
	server := serve(t, router.Live(s, router.Options{}))
	go func() { // Close ends the viewer
		time.Sleep(900 * time.Millisecond)
		s.Close()
	}()
	body, err := io.ReadAll(get(t, "GET", server.URL+"?fps=10").Body)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(body, []byte("X-Timestamp")); n < 3 || n > 10 {
		t.Errorf("%d pictures in 0.9 s at fps=10", n)
	}
	if !bytes.HasSuffix(body, []byte("\r\n--frame\r\n")) {
		t.Error("the stream does not end after a whole part")
	}
	for _, fps := range []string{"0", "-1", "x", "NaN", "Inf", "1e9"} {
		if r := get(t, "GET", server.URL+"?fps="+fps); r.StatusCode != http.StatusBadRequest {
			t.Errorf("fps=%s: %s", fps, r.Status)
		}
	}
}

func TestWithoutASocket(t *testing.T) {
	s := open(t, pictures(time.Hour, picture(1, 0)), stream.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	w := httptest.NewRecorder()
	router.Live(s, router.Options{}).ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/", nil))
	if _, got, err := readPart(bufio.NewReader(w.Body)); err != nil || !bytes.Equal(got, picture(1, 0)) {
		t.Fatal("no picture", err)
	}
}

func TestHTTP2(t *testing.T) {
	s := open(t, pictures(20*time.Millisecond, picture(1, 0), picture(2, 50_000)), stream.Options{})
	server := httptest.NewUnstartedServer(router.Live(s, router.Options{}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	defer server.CloseClientConnections()
	response, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.ProtoMajor != 2 {
		t.Fatal(response.Proto)
	}
	r := bufio.NewReader(response.Body)
	for i, size := range []int{0, 50_000} {
		if _, got, err := readPart(r); err != nil || !bytes.Equal(got, picture(i+1, size)) {
			t.Fatal("no picture", i+1, err)
		}
	}
}
