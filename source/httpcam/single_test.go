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
)

// A response whose only part is one picture is a still, whatever ends it, also if something other than a picture follows.
func TestStillsInOnePart(t *testing.T) {
	const multipart = "Content-Type: multipart/x-mixed-replace;boundary=x\r\n"
	for name, behind := range map[string]string{"closing delimiter": "--x--\r\n", "delimiter": "--x\r\n", "nothing": "", "padding": strings.Repeat("\x00", 700)} {
		for _, end := range []string{"length", "close", "chunks"} {
			isPolled(t, name+" by "+end, end != "close", func(jpeg []byte) string {
				body := part(jpeg) + behind
				switch end {
				case "length":
					return fmt.Sprintf("%s%s\r\n%s", multipart, length(len(body)), body)
				case "chunks":
					return fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", multipart, len(body), body)
				}
				return multipart + "\r\n" + body
			})
		}
	}
}

// A still in a part that stays the same is shown once.
func TestStillsInOnePartUnchanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
			n++
			fmt.Fprint(conn, streamHead+part(picture(n/4, 64, 48)))
			return false
		}}
		got, emitted, _ := c.run(t, &httpcam.Camera{}, 2)
		same(t, got, [][]byte{picture(0, 64, 48), picture(1, 64, 48)})
		if len(emitted) != 4 {
			t.Errorf("%d signs of life, want 4", len(emitted))
		}
	})
}

// A stream that once ended after its first picture is a stream again when more come, however seldom.
func TestAStreamThatOnceEndedEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := [][]byte{picture(1, 64, 48), picture(2, 64, 48), picture(3, 64, 48), picture(4, 64, 48)}
		asked := 0
		c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
			asked++
			fmt.Fprint(conn, streamHead)
			if asked == 1 {
				fmt.Fprint(conn, part(want[0]))
				return false
			}
			for _, jpeg := range want[1:] {
				fmt.Fprint(conn, part(jpeg))
				time.Sleep(4 * time.Second)
			}
			return false
		}}
		got, _, err := c.run(t, &httpcam.Camera{}, 4)
		same(t, got, want)
		if asked != 2 {
			t.Errorf("%d requests, %v", asked, err)
		}
	})
}

// A stream that breaks off within its second picture has failed.
func TestAStreamThatBreaksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		two := part(picture(1, 64, 48)) + part(picture(2, 64, 48))
		_, _, err := serving(streamHead+two[:len(two)-300]).run(t, &httpcam.Camera{}, 2)
		if err == nil || !strings.Contains(err.Error(), "ended its stream") {
			t.Error(err)
		}
	})
}

// A damaged still among whole ones is counted, and the camera is asked again in its time.
func TestStillsSomeDamaged(t *testing.T) {
	for _, whole := range []int{0, 1} { // the first is damaged, or the second
		synctest.Test(t, func(t *testing.T) {
			n := 0
			c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
				jpeg := picture(n, 64, 48)
				if n%2 != whole {
					n++
					fmt.Fprint(conn, still(jpeg, length(len(jpeg))))
					return true
				}
				n++
				fmt.Fprint(conn, still(jpeg[:900], length(900)))
				return true
			}}
			got, emitted, err := c.run(t, &httpcam.Camera{Poll: 2 * time.Second}, 4)
			damaged := 0
			for _, p := range emitted {
				damaged += p.Damaged
			}
			if want := n - 4; len(got) != 4 || damaged != want || c.took != time.Duration(n-1)*2*time.Second || !errors.Is(err, context.Canceled) {
				t.Errorf("%d pictures and %d damaged of %d in %v, %v", len(got), damaged, n, c.took, err)
			}
		})
	}
}

// A camera that sends nothing but damaged stills fails soon: the last whole one does not stay for ever.
func TestStillsAllDamaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		jpeg, n := picture(1, 64, 48), 0
		c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
			n++
			fmt.Fprint(conn, still(jpeg[:900], length(900)))
			conn.Read(make([]byte, 1))
			return false
		}}
		_, _, err := c.run(t, &httpcam.Camera{}, 1)
		if err == nil || !strings.Contains(err.Error(), "no complete picture") || n != 4 || c.took != 4*time.Second {
			t.Errorf("%v after %d requests in %v", err, n, c.took)
		}
	})
}

// One validator that lies, or changes with every response, does not spoil the other one.
func TestStillsWithOneGoodValidator(t *testing.T) {
	for name, other := range map[string]func(requests int) string{
		"constant":        func(int) string { return "Thu, 01 Jan 1970 00:00:00 GMT" },
		"of each request": func(n int) string { return fmt.Sprintf("Thu, 01 Jan 1970 00:%02d:%02d GMT", n/60, n%60) },
	} {
		synctest.Test(t, func(t *testing.T) {
			start, n, saved := time.Now(), 0, 0
			c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
				n++
				version := int(time.Since(start) / (20 * time.Second))
				entity := fmt.Sprintf(`"%d"`, version)
				// Many servers answer 304 where either is what they would send.
				if r.Header.Get("If-None-Match") == entity || r.Header.Get("If-Modified-Since") == other(n) {
					saved++
					fmt.Fprint(conn, "HTTP/1.1 304 Not Modified\r\n\r\n")
					return true
				}
				jpeg := picture(version, 64, 48)
				fmt.Fprint(conn, still(jpeg, "ETag: "+entity+"\r\nLast-Modified: "+other(n)+"\r\n"+length(len(jpeg))))
				return true
			}}
			got, _, _ := c.run(t, &httpcam.Camera{}, 4)
			for i, jpeg := range got {
				if !bytes.Equal(jpeg, picture(i, 64, 48)) {
					t.Errorf("%s: picture %d is another", name, i)
				}
			}
			if len(got) != 4 || c.took != time.Minute || saved < 30 {
				t.Errorf("%s: %d pictures in %v, %d saved", name, len(got), c.took, saved)
			}
		})
	}
}

// What pads a picture, also where it comes a little later, delays no picture and counts as none.
func TestPaddingThatComesLater(t *testing.T) {
	for name, padding := range map[string]string{"zeros": strings.Repeat("\x00", 700), "FF": strings.Repeat("\xFF", 700), "a start of image": "\xFF\xD8\xFF\x00\x00", "text": "abc\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
				fmt.Fprint(conn, streamHead)
				for i := range 3 {
					fmt.Fprintf(conn, "--x\r\nContent-Type: image/jpeg\r\n\r\n%s", picture(i, 64, 48))
					time.Sleep(90 * time.Millisecond)
					fmt.Fprintf(conn, "%s\r\n", padding)
				}
				return false
			}}
			got, emitted, _ := c.run(t, &httpcam.Camera{}, 3)
			same(t, got, [][]byte{picture(0, 64, 48), picture(1, 64, 48), picture(2, 64, 48)})
			for _, p := range emitted {
				if p.Damaged > 0 {
					t.Errorf("%s counts as %d damaged", name, p.Damaged)
				}
			}
			if took := c.took; took > 280*time.Millisecond || time.Since(start) < took {
				t.Errorf("%s: %v", name, took)
			}
		})
	}
}
