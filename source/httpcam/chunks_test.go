package httpcam_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/httpcam"
)

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
				got, _, _ := serving(head+body).run(t, &httpcam.Camera{Gzip: name == "gzip"}, 2)
				same(t, got, want)
			})
		})
	}
}

// What is compressed is read only if that was asked for: a few bytes may become very many.
func TestGzipOnlyIfAskedFor(t *testing.T) {
	var compressed bytes.Buffer
	zip := gzip.NewWriter(&compressed)
	zip.Write([]byte(part(picture(1, 64, 48))))
	zip.Close()
	for _, wanted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := serving("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + compressed.String())
			got, _, err := c.run(t, &httpcam.Camera{Gzip: wanted}, 1)
			if asked := c.asked()[0].Header.Get("Accept-Encoding"); (asked == "gzip") != wanted || len(got) == 0 == wanted {
				t.Errorf("%v: asked with %q, %d pictures", wanted, asked, len(got))
			}
			if !wanted && (err == nil || !strings.Contains(err.Error(), "add #gzip to its address")) {
				t.Error(err)
			}
		})
	}
}

// A camera that sends its last chunk and keeps the connection open has ended its stream.
func TestHTTPEndsBehindTheLastChunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		two := part(picture(1, 64, 48)) + part(picture(2, 64, 48))
		c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(two), two)
			conn.Read(make([]byte, 1))
			return false
		}}
		_, _, err := c.run(t, &httpcam.Camera{}, 3)
		if err == nil || c.took != time.Second {
			t.Errorf("%v after %v", err, c.took)
		}
	})
}
