package httpcam_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
)

const streamHead = "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=x\r\n\r\n"

func TestHTTPReadsAnyHead(t *testing.T) {
	want := [][]byte{picture(1, 64, 48), picture(2, 64, 48)}
	body := part(want[0]) + part(want[1])
	for name, head := range map[string]string{
		"HTTP/1.0":                   streamHead,
		"HTTP/1.1":                   "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace\r\n\r\n",
		"ICY":                        "ICY 200 OK\r\nContent-Type: multipart/x-mixed-replace\r\n\r\n",
		"no version":                 "HTTP 200\r\n\r\n",
		"no number":                  "HTTP/1.1 OK\r\n\r\n",
		"blank lines first":          "\r\n\r\n" + streamHead,
		"two heads":                  "HTTP/1.1 100 Continue\r\n\r\n" + streamHead,
		"no status line":             "Server: x\r\nContent-Type: image/jpeg\r\n\r\n",
		"no head":                    "",
		"no head, no delimiter":      "Content-Type: image/jpeg\r\nContent-Length: 7\r\n\r\n",
		"no head, rubbish":           "rubbish without end",
		"no blank line":              "HTTP/1.0 200 OK\r\nServer: x\r\n",
		"bare LF":                    "HTTP/1.0 200 OK\nContent-Type: multipart/x-mixed-replace\n\n",
		"line without colon":         "HTTP/1.0 200 OK\r\nTue, 12 Jun\r\n: nothing\r\nnothing\r\n\r\n",
		"space before colon":         "HTTP/1.0 200 OK\r\nContent-Type : multipart/x-mixed-replace\r\n\r\n",
		"obs-fold":                   "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace;\r\n boundary=x\r\n\r\n",
		"lengths that differ":        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
		"false length":               "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: multipart/x-mixed-replace\r\n\r\n",
		"negative length":            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"said to be chunked":         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"said to be gzip":            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
		"said to be one picture":     "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n",
		"said to be a page":          "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
		"said to be other video":     "HTTP/1.1 200 OK\r\nContent-Type: video/mpeg\r\n\r\n",
		"long and many header lines": "HTTP/1.0 200 OK\r\n" + strings.Repeat("X-Long: "+strings.Repeat("y", 300)+"\r\n", 190) + "\r\n",
		"a header line of 60 KB":     "HTTP/1.0 200 OK\r\nX: " + strings.Repeat("y", 60<<10) + "\r\n\r\n",
		"content type in mixed case": "HTTP/1.0 200 OK\r\ncontent-TYPE:MULTIPART/mixed;;=\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, _, err := serving(head+body).run(t, &httpcam.Camera{}, 2)
				same(t, got, want)
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		})
	}
}

func TestHTTPRefusesWithAReason(t *testing.T) {
	ok := "HTTP/1.1 200 OK\r\n"
	for name, test := range map[string]struct{ answer, want string }{
		"nothing":      {"", "closed the connection without a response"},
		"no picture":   {streamHead, "without sending a picture"},
		"page":         {ok + "Content-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", "the camera sent a web page: is this the address of its MJPEG stream?"},
		"endless page": {ok + "Content-Type: text/html\r\n\r\n" + strings.Repeat("<p>", 50000), "a web page"},
		"JSON":         {ok + "Content-Type: application/json\r\n\r\n{}", "sent text (application/json), no pictures"},
		"H.264":        {streamHead + strings.Repeat("--x\r\nContent-Type: video/x-h264\r\n\r\nabc\r\n", 9), "video/x-h264, which is not MJPEG"},
		"MP4":          {ok + "Content-Type: video/mp4\r\n\r\nftyp", "video/mp4, which is not MJPEG"},
		"other type":   {"HTTP/1.1 200 OK\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n", "the camera sent no JPEG but application/sdp"},
		"rubbish":      {streamHead + "rubbish", "the camera sent no JPEG"},
		"cut picture":  {streamHead + string(picture(1, 64, 48)[:700]), "no complete picture"},
		"not found":    {"HTTP/1.1 404 Nothing\r\n\r\n", "404 Not Found"},
		"busy":         {"HTTP/1.1 503 Later\r\n\r\n", "503 Service Unavailable"},
		"login":        {"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n\r\n", "requires a login: put user and password"},
		"nowhere":      {"HTTP/1.1 302 Found\r\n\r\n", "without saying where to"},
		"in circles":   {"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "redirects in circles"},
		"nonsense":     {"HTTP/1.1 302 Found\r\nLocation: http://[canary\r\n\r\n", "redirects to an invalid address"},
		"endless head": {"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 300), "head of the camera's response does not end"},
		"endless line": {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 70<<10), "head of the camera's response does not end"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, _, err := serving(test.answer).run(t, &httpcam.Camera{}, 1)
				if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "canary") || len(got) > 0 {
					t.Errorf("%v; want %q", err, test.want)
				}
			})
		})
	}
}

func TestHTTPTimes(t *testing.T) {
	hang := func(conn net.Conn) { conn.Read(make([]byte, 1)) }
	one := picture(1, 64, 48)
	for name, test := range map[string]struct {
		serve func(conn net.Conn)
		after time.Duration
		want  string
	}{
		"no head":      {hang, 10 * time.Second, "did not answer within 10s"},
		"half a head":  {func(c net.Conn) { c.Write([]byte("HTTP/1.0 200 OK\r\nServer")); hang(c) }, 10 * time.Second, "did not answer within 10s"},
		"dripped head": {func(c net.Conn) { drip(c, streamHead, time.Second) }, 10 * time.Second, "did not answer within 10s"},
		"no body":      {func(c net.Conn) { c.Write([]byte(streamHead)); hang(c) }, 10 * time.Second, "stopped responding"},
		"then silence": {func(c net.Conn) {
			c.Write([]byte(streamHead + part(one)))
			time.Sleep(9 * time.Second)
			c.Write([]byte("-"))
			hang(c)
		}, 19 * time.Second, "stopped responding"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &camera{serve: func(conn net.Conn, _ *http.Request) bool { test.serve(conn); return false }}
				_, _, err := c.run(t, &httpcam.Camera{}, 2)
				if took := c.took; took != test.after || err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%v after %v; want %q after %v", err, took, test.want, test.after)
				}
			})
		})
	}
}

// drip writes text byte by byte.
func drip(conn net.Conn, text string, pause time.Duration) {
	for i := range len(text) {
		if _, err := conn.Write([]byte{text[i]}); err != nil {
			return
		}
		time.Sleep(pause)
	}
}

func TestHTTPDialTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		h := &httpcam.Camera{URL: "http://cam/", DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		err := h.Run(t.Context(), func(stream.Picture) { t.Error("a picture") })
		if took := time.Since(start); took != 5*time.Second || !strings.Contains(err.Error(), "did not accept the connection within 5s") {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// A camera whose every byte comes alone, or whose picture takes a minute, is not dead.
func TestHTTPWaitsForSlowCameras(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := picture(1, 8, 8)
		c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
			conn.Write([]byte(streamHead))
			drip(conn, part(want), 9*time.Second)
			return false
		}}
		got, _, _ := c.run(t, &httpcam.Camera{}, 1)
		same(t, got, [][]byte{want})
	})
}

func TestHTTPStopsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{serve: func(conn net.Conn, _ *http.Request) bool { conn.Read(make([]byte, 1)); return false }}
		h := &httpcam.Camera{URL: "http://cam/", DialContext: c.dial}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := h.Run(ctx, nil); err != context.DeadlineExceeded || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		c.closed(t)
	})
}
