package httpcam_test

import (
	"bytes"
	"context"
	"errors"
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
	synctest.Test(t, func(t *testing.T) {
		one, two := picture(1, 64, 48), picture(2, 64, 48)
		n := 0
		c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
			jpeg := one
			if n++; n == 5 {
				jpeg = two
			}
			fmt.Fprint(conn, still(jpeg, length(len(jpeg))))
			return true
		}}
		got, emitted, _ := c.run(t, &httpcam.Camera{}, 2)
		same(t, got, [][]byte{one, two})
		if len(emitted) != 5 || len(c.dialled) != 1 {
			t.Errorf("%d signs of life on %d connections, want 5 on 1", len(emitted), len(c.dialled))
		}
	})
}

// A validator that changed with the picture saves sending it again, once its own second is over; now and then the camera is asked
// without it.
func TestStillsWithAValidator(t *testing.T) {
	for header, condition := range map[string]string{"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			whole, saved := 0, 0
			c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
				version := int(time.Since(start) / (20 * time.Second)) // it changes so seldom
				validator := fmt.Sprintf(`"%d"`, version)
				if r.Header.Get(condition) == validator {
					saved++
					fmt.Fprint(conn, "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n")
					return true
				}
				whole++
				jpeg := picture(version, 64, 48)
				fmt.Fprint(conn, still(jpeg, header+": "+validator+"\r\n"+length(len(jpeg))))
				return true
			}}
			got, emitted, _ := c.run(t, &httpcam.Camera{}, 4)
			same(t, got, [][]byte{picture(0, 64, 48), picture(1, 64, 48), picture(2, 64, 48), picture(3, 64, 48)})
			// All while the first picture lasts; then two of each, and one in eleven.
			if len(emitted) != 61 || whole+saved != 61 || saved < 30 || whole < 25 {
				t.Errorf("%s: %d whole, %d saved, %d signs of life", header, whole, saved, len(emitted))
			}
		})
	}
}

// Validators that stay while the picture changes, for ever or within a second, keep no picture back.
func TestStillsWithALyingValidator(t *testing.T) {
	for name, validator := range map[string]func(age time.Duration) string{
		"for ever":        func(time.Duration) string { return "Thu, 01 Jan 1970 00:00:00 GMT" },
		"within a second": func(age time.Duration) string { return age.Truncate(time.Second).String() },
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
				age := time.Since(start)
				if r.Header.Get("If-Modified-Since") == validator(age) {
					fmt.Fprint(conn, "HTTP/1.1 304 Not Modified\r\n\r\n")
					return true
				}
				jpeg := picture(int(age/(200*time.Millisecond)), 64, 48)
				fmt.Fprint(conn, still(jpeg, "Last-Modified: "+validator(age)+"\r\n"+length(len(jpeg))))
				return true
			}}
			got, _, _ := c.run(t, &httpcam.Camera{Poll: 200 * time.Millisecond}, 50)
			for i, one := range got {
				if !bytes.Equal(one, picture(i, 64, 48)) {
					t.Fatalf("%s: picture %d is another", name, i)
				}
			}
		})
	}
}

// One bare picture, whatever it is said to be, is a still: the camera is asked as often as it is meant to be, and has not failed.
func TestStillsUnderAnotherType(t *testing.T) {
	for _, head := range []string{"Content-Type: multipart/x-mixed-replace;boundary=x\r\n", "Content-Type: application/octet-stream\r\n", "", "Content-Type: text/plain\r\n", "Content-Type: text/html\r\n"} {
		for _, end := range []string{"length", "close", "both"} {
			isPolled(t, fmt.Sprintf("%q by %s", head, end), end == "length", func(jpeg []byte) string {
				text := head
				if end != "close" {
					text += length(len(jpeg))
				}
				return fmt.Sprintf("%s\r\n%s", text, jpeg)
			})
		}
	}
}

// isPolled checks that a camera is asked for each picture, every 2 s, and has not failed. Its answers have what rest returns after the
// status line, and leave the connection open if it lasts.
func isPolled(t *testing.T, what string, lasts bool, rest func(jpeg []byte) string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
			n++
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\n"+rest(picture(n, 64, 48)))
			return lasts
		}}
		got, emitted, err := c.run(t, &httpcam.Camera{Poll: 2 * time.Second}, 4)
		if len(got) != 4 || n != 4 || c.took != 6*time.Second || !errors.Is(err, context.Canceled) || len(emitted) != 4 {
			t.Errorf("%s: %d pictures of %d in %v, %v", what, len(got), n, c.took, err)
		}
	})
}

func TestSkip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
			n++
			jpeg := picture(n, 64, 48)
			fmt.Fprint(conn, still(jpeg, length(len(jpeg))))
			return true
		}}
		got, _, _ := c.run(t, &httpcam.Camera{Skip: 2}, 2)
		same(t, got, [][]byte{picture(3, 64, 48), picture(6, 64, 48)})
		if c.took != time.Second {
			t.Errorf("two pictures in %v", c.took)
		}
		got, _, _ = serving(streamHead+part(picture(1, 64, 48))+part(picture(2, 64, 48))+part(picture(3, 64, 48))).run(t, &httpcam.Camera{Skip: 1}, 2)
		same(t, got, [][]byte{picture(2, 64, 48), picture(3, 64, 48)})
	})
}

// Cameras that send something else are told apart, for their users to change it.
func TestReasonNamesWhatIsNoJPEG(t *testing.T) {
	filler := strings.Repeat("\x01", 600)
	for kind, body := range map[string]string{
		"PNG": "\x89PNG\r\n\x1a\n", "GIF": "GIF89a", "WebP": "RIFF\x10\x00\x00\x00WEBPVP8 ", "HEIC": "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00",
		"AVIF": "\x00\x00\x00\x1cftypavif", "MP4": "\x00\x00\x00\x20ftypisom", "H.264": "\x00\x00\x00\x01\x67\x42", "MPEG-TS": "G@\x00\x10\x00", "PDF": "%PDF-1.4", "SVG": "<svg xmlns=", "BMP": "BM\x36\x00\x01\x00\x00\x00\x00\x00",
	} {
		for name, text := range map[string]string{
			"still":  "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + body + filler,
			"part":   streamHead + "--x\r\nContent-Type: image/jpeg\r\n\r\n" + body + filler,
			"untold": "HTTP/1.1 200 OK\r\n\r\n" + body + filler,
		} {
			synctest.Test(t, func(t *testing.T) {
				_, _, err := serving(text).run(t, &httpcam.Camera{}, 1)
				if err == nil || !strings.Contains(err.Error(), "sends "+kind+",") {
					t.Errorf("%s, %s: %v", kind, name, err)
				}
			})
		}
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
