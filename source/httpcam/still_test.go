package httpcam_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
)

// still is the answer with one picture.
func still(jpeg []byte, header string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n%s\r\n%s", header, jpeg)
}

func length(n int) string { return fmt.Sprintf("Content-Length: %d\r\n", n) }

// Single pictures are asked for again and again, on one connection where their ends are beyond doubt.
func TestStills(t *testing.T) {
	for name, test := range map[string]struct {
		header func(jpeg []byte) string
		tail   string
		hangUp bool
		reused bool
	}{
		"kept alive":        {func(b []byte) string { return length(len(b)) }, "", false, true},
		"hung up on":        {func(b []byte) string { return length(len(b)) + "Connection: close\r\n" }, "", true, false},
		"without length":    {func([]byte) string { return "" }, "", true, false},
		"neither":           {func([]byte) string { return "" }, "", false, false},
		"padded":            {func(b []byte) string { return length(len(b) + 9) }, "123456789", false, true},
		"length too short":  {func(b []byte) string { return length(len(b) - 48) }, "", false, false},
		"length too long":   {func(b []byte) string { return length(len(b) + 48) }, "", false, false},
		"lengths that vary": {func(b []byte) string { return length(len(b)) + length(5) }, "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				want := [][]byte{picture(1, 64, 48), picture(2, 64, 48), picture(3, 64, 48)}
				n := 0
				c := &camera{}
				c.serve = func(conn net.Conn, _ *http.Request) bool {
					jpeg := want[n%3]
					n++
					fmt.Fprint(conn, still(jpeg, test.header(jpeg))+test.tail)
					return !test.hangUp
				}
				got, _, err := c.run(t, &httpcam.Camera{}, 3)
				same(t, got, want)
				if err != context.Canceled || c.took != 2*time.Second {
					t.Errorf("%v after %v", err, c.took)
				}
				if dials := len(c.dialled); dials != map[bool]int{true: 1, false: 3}[test.reused] {
					t.Errorf("%d connections", dials)
				}
			})
		})
	}
}

// Chunks end a picture beyond doubt as well.
func TestStillsInChunks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := [][]byte{picture(1, 64, 48), picture(2, 64, 48)}
		n := 0
		c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
			jpeg := want[n%2]
			n++
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(jpeg), jpeg)
			return true
		}}
		got, _, _ := c.run(t, &httpcam.Camera{Poll: 100 * time.Millisecond}, 2)
		same(t, got, want)
		if len(c.dialled) != 1 || c.took != 100*time.Millisecond {
			t.Errorf("%d connections, %v", len(c.dialled), c.took)
		}
	})
}

// The same picture twice is passed on once, and is a sign of life; so is 304 Not Modified.
func TestStillsUnchanged(t *testing.T) {
	for name, test := range map[string]struct{ header, condition, value string }{
		"neither":       {"", "", ""},
		"ETag":          {"ETag: \"1\"\r\n", "If-None-Match", `"1"`},
		"Last-Modified": {"Last-Modified: then\r\n", "If-Modified-Since", "then"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				one, two := picture(1, 64, 48), picture(2, 64, 48)
				n := 0
				c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
					n++
					switch {
					case n == 5:
						fmt.Fprint(conn, still(two, length(len(two))))
					case n > 1 && test.condition != "" && r.Header.Get(test.condition) == test.value:
						fmt.Fprint(conn, "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n")
					case n > 1 && test.condition != "":
						t.Error("the question is unconditional")
					default:
						fmt.Fprint(conn, still(one, test.header+length(len(one))))
					}
					return true
				}}
				got, emitted, _ := c.run(t, &httpcam.Camera{}, 2)
				same(t, got, [][]byte{one, two})
				if len(emitted) != 5 || len(c.dialled) != 1 {
					t.Errorf("%d signs of life on %d connections, want 5 on 1", len(emitted), len(c.dialled))
				}
			})
		})
	}
}

// A camera that closes the kept connection meanwhile is asked on a new one at once.
func TestStillsOverAClosedConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := [][]byte{picture(1, 64, 48), picture(2, 64, 48)}
		n := 0
		c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
			jpeg := want[n%2]
			n++
			fmt.Fprint(conn, still(jpeg, length(len(jpeg))))
			return false
		}}
		got, _, _ := c.run(t, &httpcam.Camera{}, 2)
		same(t, got, want)
	})
}

// A picture that stops in the middle is not waited for as a stream would be.
func TestStillCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jpeg := picture(1, 64, 48)
		c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
			fmt.Fprint(conn, still(jpeg[:900], length(900)))
			conn.Read(make([]byte, 1))
			return false
		}}
		_, _, err := c.run(t, &httpcam.Camera{}, 1)
		if err == nil || c.took > 2*time.Second {
			t.Errorf("%v after %v", err, c.took)
		}
	})
}

func TestHTTPReadsAnyChunks(t *testing.T) {
	want := [][]byte{picture(1, 64, 48), picture(2, 64, 48)}
	a, b := part(want[0]), part(want[1])
	const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n"
	var compressed bytes.Buffer
	zip := gzip.NewWriter(&compressed)
	zip.Write([]byte(a + b))
	zip.Flush()
	chunk := func(s, end string) string { return fmt.Sprintf("%x%s%s%s", len(s), end, s, end) }
	small := ""
	for text := a + b; text != ""; {
		n := min(len(text), 7)
		small, text = small+chunk(text[:n], "\r\n"), text[n:]
	}
	for name, body := range map[string]string{
		"one each":       chunk(a, "\r\n") + chunk(b, "\r\n"),
		"small":          small,
		"HTTP/1.0":       chunk(a+b, "\r\n"),
		"LF":             chunk(a, "\n") + chunk(b, "\n"),
		"no end":         fmt.Sprintf("%x\r\n%s%x\r\n%s", len(a), a, len(b), b),
		"extensions":     fmt.Sprintf("%X ; a=b\r\n%s\r\n000%x;c\r\n%s\r\n", len(a), a, len(b), b),
		"wrong size":     fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n", len(a)-3, a, len(b), b),
		"goes on":        chunk(a, "\r\n") + "0\r\n\r\n" + chunk(b, "\r\n"),
		"not chunked":    a + b,
		"gzip":           chunk(compressed.String(), "\r\n"),
		"endless size":   strings.Repeat("0", 5000) + a + b,
		"negative size":  chunk(a, "\r\n") + "-1\r\n" + b,
		"size too large": "fffffffffffffffff\r\n" + a + b,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				head := head
				switch name {
				case "HTTP/1.0":
					head = strings.Replace(head, "1.1", "1.0", 1)
				case "gzip":
					head = strings.Replace(head, "Content-L", "Content-Encoding: x-gzip\r\nContent-L", 1)
				}
				got, _, _ := serving(head+body).run(t, &httpcam.Camera{}, 2)
				same(t, got, want)
			})
		})
	}
}

// A camera that sends its last chunk and keeps the connection open has ended its stream.
func TestHTTPEndsBehindTheLastChunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := part(picture(1, 64, 48))
		c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(one), one)
			conn.Read(make([]byte, 1))
			return false
		}}
		_, _, err := c.run(t, &httpcam.Camera{}, 2)
		if err == nil || c.took != time.Second {
			t.Errorf("%v after %v", err, c.took)
		}
	})
}

// What another mjpegazer repeats is not passed on; its time is.
func TestCascade(t *testing.T) {
	one, two := picture(1, 64, 48), picture(2, 64, 48)
	body := "--x\r\nContent-Type: image/jpeg\r\nX-Timestamp: 1700000000.250000\r\n\r\n" + string(one) +
		"\r\n--x\r\nX-Repeat: 1\r\nX-Timestamp: 1700000000.250000\r\n\r\n" + string(one) + "\r\n--x\r\nX-Timestamp: 1700000001.5\r\n\r\n" + string(two)
	for header, trusted := range map[string]bool{"X-Mjpegazer-Instance: a": true, "Server: mjpegazer/1": true, "Server: other": false} {
		synctest.Test(t, func(t *testing.T) {
			var emitted []stream.Picture
			_, emitted, _ = serving("HTTP/1.1 200 OK\r\n"+header+"\r\n\r\n"+body).run(t, &httpcam.Camera{Instance: "b"}, 9)
			if !trusted {
				if len(emitted) != 3 || !emitted[0].Time.IsZero() {
					t.Errorf("%s: %+v", header, emitted)
				}
			} else if len(emitted) != 2 || !emitted[1].Time.Equal(time.UnixMilli(1700000001500)) {
				t.Errorf("%s: %+v", header, emitted)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		_, emitted, err := serving("HTTP/1.1 200 OK\r\nX-Mjpegazer-Instance: me\r\n\r\n"+body).run(t, &httpcam.Camera{Instance: "me"}, 9)
		if len(emitted) > 0 || err == nil || !strings.Contains(err.Error(), "it cannot be its own source") {
			t.Errorf("%v, %+v", err, emitted)
		}
	})
}
