package router_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// A chunker reads the chunks of a body, and nothing that is no whole chunk.
type chunker struct{ *bufio.Reader }

// askInChunks asks for a stream by HTTP/1.1. All of it must come within 10 s.
func askInChunks(t *testing.T, server *httptest.Server, secure bool) chunker {
	t.Helper()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if secure {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: camera.test\r\nConnection: close\r\n\r\n")
	r := bufio.NewReader(c)
	chunks := false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if chunks = chunks || strings.EqualFold(line, "Transfer-Encoding: chunked\r\n"); line == "\r\n" {
			break
		}
	}
	if !chunks {
		t.Fatal("no chunks")
	}
	return chunker{r}
}

// next returns what the next chunk holds, "" of the last.
func (c chunker) next(t *testing.T) string {
	t.Helper()
	var size int
	if _, err := fmt.Fscanf(c, "%x\r\n", &size); err != nil {
		t.Fatalf("a chunk's size: %v", err)
	}
	data := make([]byte, size+2)
	if n, err := io.ReadFull(c, data); err != nil {
		t.Fatalf("%q of a chunk of %d bytes: %v", data[:min(n, 300)], size, err)
	}
	if end := string(data[size:]); end != "\r\n" {
		t.Fatalf("a chunk of %d bytes ends with %q", size, end)
	}
	return string(data[:size])
}

// until returns what the chunks hold up to one that ends so.
func (c chunker) until(t *testing.T, end string) (text string) {
	t.Helper()
	for !strings.HasSuffix(text, end) {
		more := c.next(t)
		if more == "" {
			t.Fatalf("an end after %q", text)
		}
		text += more
	}
	return text
}

// wrapper is what middlewares put around a response.
type wrapper struct{ http.ResponseWriter }

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// A program that gets what has come where a chunk ends gets each picture before the next, however it is connected; and it can tell
// the end of a stream from a cut.
func TestChunksEndWithPictures(t *testing.T) {
	for _, size := range []int{2000, 50_000, 300_000} {
		for name, way := range map[string]struct{ known, secure, wrapped bool }{
			"plain": {}, "plain, ConnContext": {known: true}, "TLS": {known: true, secure: true}, "middleware": {known: true, wrapped: true},
		} {
			t.Run(fmt.Sprint(name, ", ", size), func(t *testing.T) {
				picture := streamtest.OfSize(size).JPEG(1, time.Now())
				s := open(t, &streamtest.Camera{Limit: 1, JPEG: func(int, time.Time) []byte { return picture }}, stream.Options{})
				handler := router.Live(s, router.Options{Heartbeat: 50 * time.Millisecond})
				if way.wrapped {
					inner := handler
					handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						inner.ServeHTTP(wrapper{w}, r)
					})
				}
				server := httptest.NewUnstartedServer(handler)
				if way.known {
					server.Config.ConnContext = router.ConnContext
				}
				if way.secure {
					server.StartTLS()
				} else {
					server.Start()
				}
				t.Cleanup(server.CloseClientConnections)
				c := askInChunks(t, server, way.secure)
				c.until(t, "--frame\r\n")
				for i := range 3 {
					if text := c.until(t, "\r\n--frame\r\n"); !strings.HasSuffix(text, "\r\n\r\n"+string(picture)+"\r\n--frame\r\n") {
						t.Fatalf("part %d is %.200q", i, text)
					} else if strings.Contains(text, "X-Repeat: 1\r\n") != (i > 0) {
						t.Errorf("part %d begins %.200q", i, text)
					}
				}
				s.Close()
				for text := "more"; text != ""; {
					text = c.next(t)
				}
				if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
					t.Errorf("%q, %v after the last chunk", rest, err)
				}
			})
		}
	}
}

// Where the answer is collected until the handler returns, which a stream never does, the client is told at once.
func TestWritersThatCannotFlush(t *testing.T) {
	s := open(t, still(1), stream.Options{})
	all := router.New([]router.Camera{{Name: "door", Stream: s}}, router.Options{})
	for _, path := range []string{"/live", "/door/live", "/wall"} {
		w := httptest.NewRecorder()
		http.TimeoutHandler(all, time.Minute, "").ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 500 || !strings.Contains(w.Body.String(), "*http.timeoutWriter cannot be flushed") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	http.TimeoutHandler(all, time.Minute, "").ServeHTTP(w, httptest.NewRequest("GET", "/snapshot", nil))
	if w.Code != 200 {
		t.Errorf("a snapshot: %d %s", w.Code, w.Body)
	}
}
