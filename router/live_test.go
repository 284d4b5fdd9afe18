package router_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
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
	"mjpegazer/stream/streamtest"
)

// wire is all that comes over a socket for a request.
func wire(t *testing.T, server *httptest.Server, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, request)
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("after %d bytes: %v", len(got), err)
	}
	return string(got)
}

// All forms, byte for byte: each part with the time of its picture, and nothing else until the camera's end.
func TestFormsOnTheWire(t *testing.T) {
	pictures := streamtest.OfSize(2000)
	const part = "Content-Type: image/jpeg\r\nContent-Length: 2000\r\nX-Timestamp: TIME\r\n\r\nJPEG\r\n--frame\r\n"
	for _, test := range []struct{ name, request, start, part, end string }{
		{"chunked", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "9\r\n--frame\r\n\r\n", "82d\r\n" + part + "\r\n", "0\r\n\r\n"},
		{"framed", "GET / HTTP/1.0\r\n\r\n", "--frame\r\n", part, ""},
		{"browser", "GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html,image/AVIF\r\n\r\n",
			"--frame\r\nContent-Type: image/jpeg\r\n\r\n", "JPEG\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := test.start
			s := open(t, &streamtest.Camera{Interval: 20 * time.Millisecond, Limit: 2, Err: stream.ErrEnded, JPEG: func(n int, at time.Time) []byte {
				p := pictures.JPEG(n, at)
				taken := fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000)
				want += strings.NewReplacer("TIME", taken, "JPEG", string(p)).Replace(test.part)
				return p
			}}, stream.Options{})
			head, body, _ := strings.Cut(wire(t, serve(t, router.Live(s, router.Options{})), test.request), "\r\n\r\n")
			if want += test.end; body != want {
				t.Errorf("body is %q\nwant %q", body, want)
			}
			for _, line := range []string{
				"Content-Type: multipart/x-mixed-replace; boundary=frame", "Cache-Control: no-store", "X-Accel-Buffering: no",
			} {
				if !strings.Contains(head, "\r\n"+line) {
					t.Errorf("no %q in the head %q", line, head)
				}
			}
			if chunks := test.name == "chunked"; strings.Contains(strings.ToLower(head), "\r\ntransfer-encoding: chunked") != chunks {
				t.Errorf("head %q", head)
			}
		})
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

// A frame is one write, and so is the head. The end of a chunk is another, where the connection is not the kernel's.
func TestOneWriteAFrame(t *testing.T) {
	for _, size := range []int{2000, 50_000, 500_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			pictures := streamtest.OfSize(size)
			s := open(t, &streamtest.Camera{Interval: 20 * time.Millisecond, Limit: 20, Err: stream.ErrEnded, JPEG: pictures.JPEG}, stream.Options{})
			server := httptest.NewUnstartedServer(router.Live(s, router.Options{}))
			counting := &countingListener{Listener: server.Listener}
			server.Listener = counting
			server.Start()
			defer server.Close()
			defer server.CloseClientConnections()
			_, parts, _ := strings.Cut(wire(t, server, "GET / HTTP/1.0\r\n\r\n"), "\r\n\r\n")
			body := bufio.NewReader(strings.NewReader(parts))
			frames := 0
			for {
				_, picture, err := readPart(body)
				if errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				if _, err := pictures.Check(picture); err != nil {
					t.Fatal(err)
				}
				frames++
			}
			if frames < 10 {
				t.Errorf("only %d frames of 20", frames)
			}
			if n := counting.writes.Load(); n != int64(frames)+1 {
				t.Errorf("%d writes for %d frames and the head", n, frames)
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
		emit(stream.Picture{JPEG: streamtest.Picture(run)})
		time.Sleep(100 * time.Millisecond)
		return fmt.Errorf("connection reset by peer")
	}), stream.Options{})
	server := serve(t, router.Live(s, router.Options{}))
	r := bufio.NewReader(get(t, "GET", server.URL).Body)
	for i := 1; i <= 4; i++ {
		if _, got, err := readPart(r); err != nil || !bytes.Equal(got, streamtest.Picture(i)) {
			t.Fatalf("picture %d: %v", i, err)
		}
	}
}

func TestFPS(t *testing.T) {
	s := open(t, &streamtest.Camera{Interval: 10 * time.Millisecond}, stream.Options{})
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
	s := open(t, still(1), stream.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	w := httptest.NewRecorder()
	router.Live(s, router.Options{}).ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/", nil))
	if _, got, err := readPart(bufio.NewReader(w.Body)); err != nil || !bytes.Equal(got, streamtest.Picture(1)) {
		t.Fatal("no picture", err)
	}
}

func TestHTTP2(t *testing.T) {
	pictures := streamtest.OfSize(50_000)
	s := open(t, &streamtest.Camera{Interval: 20 * time.Millisecond, JPEG: pictures.JPEG}, stream.Options{})
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
	for range 3 {
		_, got, err := readPart(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pictures.Check(got); err != nil {
			t.Error(err)
		}
	}
}
