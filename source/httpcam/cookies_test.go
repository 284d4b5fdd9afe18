package httpcam_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
)

// cookiesOf returns the Cookie header of each request of a camera that answers the first with some lines.
func cookiesOf(t *testing.T, h *httpcam.Camera, lines string, pauses ...time.Duration) (all []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
			n++
			if n == 1 {
				fmt.Fprint(conn, still(picture(1, 16, 16), lines))
			} else {
				fmt.Fprint(conn, still(picture(1, 16, 16), ""))
			}
			return true
		}}
		h.DialContext = c.dial
		for _, pause := range pauses {
			ctx, cancel := context.WithTimeout(t.Context(), pause)
			h.Run(ctx, func(stream.Picture) {})
			cancel()
		}
		for _, r := range c.asked() {
			all = append(all, r.Header.Get("Cookie"))
		}
		c.closed(t)
	})
	return all
}

func TestCookies(t *testing.T) {
	many, want := "", []string{}
	for i := range 60 {
		many += fmt.Sprintf("Set-Cookie: c%d=%d\r\n", i, i)
		if i >= 10 {
			want = append(want, fmt.Sprintf("c%d=%d", i, i))
		}
	}
	for name, test := range map[string]struct{ lines, want string }{
		"plain":            {"Set-Cookie: sid=q1; HttpOnly; SameSite=Strict\r\n", "sid=q1"},
		"byte for byte":    {"Set-Cookie:  a = \"x, y\"=z\xE9 \r\n", "a=\"x, y\"=z\xE9"},
		"other domain":     {"Set-Cookie: a=b; Domain=.example\r\n", "a=b"},
		"two paths":        {"Set-Cookie: a=1; path=/\r\nSet-Cookie: a=2; path=/cgi\r\nSet-Cookie: b=3; path=/cg\r\n", "a=2; a=1"},
		"default path":     {"Set-Cookie: a=1; path=cgi\r\n", "a=1"},
		"again":            {"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nSet-Cookie: a=3\r\n", "a=3; b=2"},
		"secure":           {"Set-Cookie: a=1; Secure\r\n", ""},
		"deleted":          {"Set-Cookie: a=1\r\nSet-Cookie: a=1; max-age=0\r\n", ""},
		"expired":          {"Set-Cookie: a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT\r\nSet-Cookie: b=1; expires=Thu, 01-Jan-1970 00:00:00 GMT\r\n", ""},
		"not yet":          {"Set-Cookie: a=1; expires=Fri, 01 Jan 2100 00:00:00 GMT\r\nSet-Cookie: b=1; max-age=9; expires=Thu, 01 Jan 1970 00:00:00 GMT\r\n", "a=1; b=1"},
		"no cookies":       {"Set-Cookie: nothing\r\nSet-Cookie: =x\r\nSet-Cookie: c=\x01\r\n", ""},
		"too large":        {"Set-Cookie: a=" + strings.Repeat("x", 5000) + "\r\nSet-Cookie: b=1; path=/" + strings.Repeat("x", 5000) + "\r\n", ""},
		"too many":         {many, strings.Join(want, "; ")},
		"in a long head":   {strings.Repeat("X: y\r\n", 100) + "Set-Cookie: a=1\r\n", "a=1"},
		"with one's own":   {"Set-Cookie: a=1\r\n", "mine=2; a=1"},
		"one's own, alone": {"", "mine=2"},
	} {
		t.Run(name, func(t *testing.T) {
			h := &httpcam.Camera{URL: "http://cam/cgi/video", Poll: time.Second}
			if strings.Contains(name, "one's own") {
				h.Header = http.Header{"cookie": {"mine=2"}}
			}
			got := cookiesOf(t, h, test.lines, 1500*time.Millisecond)
			if len(got) != 2 || got[1] != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// Cookies outlive a run, until they expire.
func TestCookiesOutliveRuns(t *testing.T) {
	h := &httpcam.Camera{URL: "http://cam/", Poll: time.Second}
	got := cookiesOf(t, h, "Set-Cookie: a=1; max-age=3\r\nSet-Cookie: b=2\r\n", 500*time.Millisecond, 500*time.Millisecond, 3500*time.Millisecond)
	if want := []string{"", "a=1; b=2", "a=1; b=2", "a=1; b=2", "b=2", "b=2"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A camera that sends its stream only to sessions it knows gets its cookie back after it has ended the first try with a page;
// and one that has forgotten the session is asked without it.
func TestCookiesOfSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var session atomic.Int64
		c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
			cookie, err := r.Cookie("sid")
			switch {
			case err != nil:
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: sid=%d\r\n\r\n<html>", session.Load())
			case cookie.Value != fmt.Sprint(session.Load()):
				fmt.Fprint(conn, "HTTP/1.1 500 No\r\n\r\n")
			default:
				fmt.Fprint(conn, streamHead+part(picture(1, 16, 16))+part(picture(2, 16, 16)))
				time.Sleep(time.Second)
			}
			return false
		}}
		s := stream.New(&httpcam.Camera{URL: "http://cam/", DialContext: c.dial}, stream.Options{Keep: true})
		for n := range 3 {
			session.Store(int64(n))
			time.Sleep(10 * time.Second)
			if frames := s.Stats().Frames; frames < uint64(4*(n+1)) {
				t.Errorf("session %d: %d pictures", n, frames)
			}
		}
		s.Close()
		c.closed(t)
	})
}

// A cookie goes to the host and port that set it, and not to a neighbour.
func TestCookiesStayAtThePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
			cookie := r.Header.Get("Cookie")
			switch r.Host + r.URL.Path {
			case "cam/":
				fmt.Fprint(conn, moved("http://cam:81/", "Set-Cookie: canary=1; domain=cam\r\n"))
			case "cam:81/":
				fmt.Fprint(conn, moved("http://cam/back", "Set-Cookie: other=1\r\n"))
			default:
				if cookie != "canary=1" {
					t.Errorf("the cookie is %q", cookie)
				}
				fmt.Fprint(conn, streamHead+part(picture(1, 16, 16)))
				return false
			}
			if cookie != "" {
				t.Errorf("%s got %q", r.Host, cookie)
			}
			return false
		}}
		c.run(t, &httpcam.Camera{URL: "http://cam/"}, 1)
	})
}
