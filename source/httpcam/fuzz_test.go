package httpcam_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
	"mjpegazer/stream/jpeg"
)

// canned is a connection with what the camera sends; what it is sent is kept.
type canned struct {
	io.Reader
	sent bytes.Buffer
}

func (c *canned) Write(p []byte) (int, error)      { return c.sent.Write(p) }
func (c *canned) Close() error                     { return nil }
func (c *canned) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *canned) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *canned) SetDeadline(time.Time) error      { return nil }
func (c *canned) SetReadDeadline(time.Time) error  { return nil }
func (c *canned) SetWriteDeadline(time.Time) error { return nil }

// runCanned runs h on connections that each get the same answer, until max were made.
func runCanned(ctx context.Context, h *httpcam.Camera, answer func() io.Reader, max int) (conns []*canned, pictures [][]byte, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h.DialContext = func(context.Context, string, string) (net.Conn, error) {
		if len(conns) == max {
			cancel()
			return nil, context.Canceled
		}
		conns = append(conns, &canned{Reader: answer()})
		return conns[len(conns)-1], nil
	}
	err = h.Run(ctx, func(p stream.Picture) {
		if p.JPEG != nil {
			pictures = append(pictures, bytes.Clone(p.JPEG))
		}
	})
	return conns, pictures, err
}

// FuzzHTTP plays arbitrary answers: nothing panics or runs on, what comes out are pictures, and the same however the bytes
// were cut on their way.
func FuzzHTTP(f *testing.F) {
	one := string(picture(1, 8, 8))
	for _, head := range []string{
		"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=x\r\n\r\n--x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5;x\r\n--x\r\n\r\n1ff\n",
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type : text/html\r\n y\r\n\r\n\x1F\x8B",
		"HTTP/1.1 302 Found\r\nLocation: /\r\nSet-Cookie: a=b\r\n\r\n", "ICY\r\n: x\r\n", "Server: x\r\n--x\r\n", "",
	} {
		f.Add([]byte(head+one+"--x\r\nContent-Type: audio/x\r\n\r\n"+one), uint64(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		run := func(answer func() io.Reader) (pictures [][]byte, err error) {
			_, pictures, err = runCanned(t.Context(), &httpcam.Camera{URL: "http://cam/", MaxFrame: 1 << 12, Poll: time.Nanosecond}, answer, 3)
			return pictures, err
		}
		pictures, err := run(func() io.Reader { return bytes.NewReader(data) })
		if err == nil {
			t.Fatal("it ended without a reason")
		}
		for _, one := range pictures {
			if _, end, err := jpeg.Inspect(one); err != nil || end != len(one) || len(one) > 1<<12 {
				t.Fatalf("%d bytes, of which %d are a picture: %v", len(one), end, err)
			}
		}
		rnd := rand.New(rand.NewPCG(seed, 2))
		again, err2 := run(func() io.Reader { return &pieces{data, rnd} })
		same(t, again, pictures)
		if err.Error() != err2.Error() {
			t.Fatalf("%v, but in pieces %v", err, err2)
		}
	})
}

// FuzzChallenge refuses everybody with arbitrary challenges: the password is tried a few times at most, in the clear only if
// that was asked for, and what is sent is a request.
func FuzzChallenge(f *testing.F) {
	f.Add(`Digest realm="r", nonce="N", algorithm=MD5-sess, qop="auth,auth-int", opaque="o"`, `Basic realm="b"`)
	f.Add(`Basic realm="b", Digest realm=r x, nonce=N algorithm=SHA-256`, `Digest nonce="a\"b", stale=true, userhash=true`)
	f.Fuzz(func(t *testing.T, first, second string) {
		if strings.ContainsAny(first+second, "\n") {
			t.Skip("another header")
		}
		answer := "HTTP/1.1 401 No\r\nWWW-Authenticate: " + first + "\r\nWWW-Authenticate: " + second + "\r\n\r\n"
		h := &httpcam.Camera{URL: "http://canary-user:canary-password@cam/path"}
		conns, _, err := runCanned(t.Context(), h, func() io.Reader { return strings.NewReader(answer) }, 9)
		if n := len(conns); n < 1 || n > 5 || err == nil || strings.Contains(err.Error(), "canary") {
			t.Fatalf("%d requests, %v", n, err)
		}
		for _, conn := range conns {
			sent := conn.sent.String()
			if !strings.HasPrefix(sent, "GET /path HTTP/1.1\r\n") || strings.Count(sent, "\r\n\r\n") != 1 || !strings.HasSuffix(sent, "\r\n\r\n") {
				t.Fatalf("%q", sent)
			}
			_, rest, _ := strings.Cut(sent, "\r\nAuthorization: ")
			header, _, _ := strings.Cut(rest, "\r\n")
			r := http.Request{Header: http.Header{"Authorization": {header}}}
			_, _, basic := r.BasicAuth()
			if asked := strings.Contains(strings.ToLower(first+second), "basic"); basic && !asked || strings.Contains(header, "canary-password") {
				t.Fatalf("%q", sent)
			}
			if header != "" && !basic && !strings.HasPrefix(header, `Digest username="`) {
				t.Fatalf("%q", sent)
			}
		}
	})
}
