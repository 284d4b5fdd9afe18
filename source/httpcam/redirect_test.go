package httpcam_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
)

func moved(to, header string) string {
	return "HTTP/1.1 302 Found\r\nLocation: " + to + "\r\n" + header + "\r\n"
}

// A redirection is followed, with the cookies it sets.
func TestRedirectCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := picture(1, 64, 48)
		c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
			if cookie, err := r.Cookie("sid"); err != nil || cookie.Value != "q1" {
				fmt.Fprint(conn, moved("?x", "Set-Cookie: sid=q1; path=/\r\n"))
			} else {
				fmt.Fprint(conn, streamHead+part(want))
			}
			return false
		}}
		got, _, _ := c.run(t, &httpcam.Camera{}, 1)
		same(t, got, [][]byte{want})
	})
}

// A camera that keeps the connection open after a redirect without a length is not waited for.
func TestRedirectAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := picture(1, 64, 48)
		c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
			if r.URL.Path == "/video" {
				fmt.Fprint(conn, moved("/other", "")+"some text")
				conn.Read(make([]byte, 1))
			} else {
				fmt.Fprint(conn, streamHead+part(want))
			}
			return false
		}}
		got, _, _ := c.run(t, &httpcam.Camera{}, 1)
		same(t, got, [][]byte{want})
		if c.took != 0 {
			t.Errorf("it took %v", c.took)
		}
	})
}

// What is secret goes to the scheme, host and port of the address alone.
func TestRedirectKeepsSecrets(t *testing.T) {
	for _, to := range []string{"http://other/", "http://cam:81/", "http://sub.cam/", "http://canary3:canary4@other/", "//other/"} {
		synctest.Test(t, func(t *testing.T) {
			want := picture(1, 64, 48)
			c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
				if r.Host == "cam" {
					if r.Header.Get("Authorization") == "" || r.Header.Get("X-Key") == "" {
						t.Error("the login is missing")
					}
					fmt.Fprint(conn, moved(to, "Set-Cookie: canary=canary\r\n"))
					return false
				}
				var all bytes.Buffer
				r.Write(&all)
				if strings.Contains(all.String(), "canary") || r.Header.Get("Authorization") != "" || r.Header.Get("Referer") != "" {
					t.Errorf("%s was sent: %s", to, all.String())
				}
				fmt.Fprint(conn, streamHead+part(want))
				return false
			}}
			h := &httpcam.Camera{URL: "http://canary1:canary1@cam/?canary1#canary1", Basic: true, Header: http.Header{"X-Key": {"canary1"}}, AnyRedirect: true}
			got, _, _ := c.run(t, h, 1)
			same(t, got, [][]byte{want})
		})
	}
}

func TestRedirectRefuses(t *testing.T) {
	for to, want := range map[string]string{
		"ftp://cam/":        "neither http nor https",
		"file:///etc/hosts": "neither http nor https",
		"/video":            "redirects in circles",
		"http://[":          "invalid address",
		"http://":           "invalid address",
		"http://:80/":       "invalid address",
	} {
		synctest.Test(t, func(t *testing.T) {
			c := serving(moved(to, ""))
			_, _, err := c.run(t, &httpcam.Camera{}, 1)
			if err == nil || !strings.Contains(err.Error(), want) || len(c.asked()) > 10 {
				t.Errorf("%s: %v after %d requests; want %q", to, err, len(c.asked()), want)
			}
		})
	}
}

// Whatever fails, and however the camera repeats what it was sent, no secret is shown.
func TestSecretsAreNeverShown(t *testing.T) {
	echo := "canary-user canary-password canary-query canary-key canary-fragment"
	for name, answer := range map[string]string{
		"hangs up":      "",
		"refuses":       "HTTP/1.1 403 canary-query\r\nServer: " + echo + "\r\n\r\n" + echo,
		"refuses login": "HTTP/1.1 401 " + echo + "\r\nWWW-Authenticate: Basic realm=\"" + echo + "\"\r\n\r\n" + echo,
		"is a page":     "HTTP/1.1 200 OK\r\nContent-Type: text/html; " + echo + "\r\n\r\n" + echo,
		"JSON type":     "HTTP/1.1 200 OK\r\nContent-Type: application/json+" + echo + "\r\n\r\n{}",
		"own video":     streamHead + "--x\r\nContent-Type: video/canary-query\r\n\r\n--x\r\n",
		"redirects":     moved("http://canary-user:canary-password@other/canary-query?canary-query", ""),
		"falls":         moved("http://[canary-query", ""),
		"endless head":  "HTTP/1.1 200 OK\r\n" + strings.Repeat(echo+"\r\n", 300),
		"picture":       "HTTP/1.1 200 OK\r\nServer: " + echo + "\r\nContent-Type: x/" + echo + "\r\n\r\n" + part(picture(1, 64, 48)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := serving(answer)
				var shown strings.Builder
				h := &httpcam.Camera{
					URL:         "http://canary-user:canary-password@cam/path?key=canary-query#canary-fragment",
					Header:      http.Header{"X-Key": {"canary-key"}},
					DialContext: c.dial,
					Trace:       func(e httpcam.Event) { fmt.Fprintln(&shown, e) },
				}
				s := stream.New(h, stream.Options{Keep: true})
				time.Sleep(time.Second)
				s.Close()
				fmt.Fprintln(&shown, s.Stats())
				if strings.Contains(shown.String(), "canary") {
					t.Error(shown.String())
				}
				c.closed(t)
			})
		})
	}
}

// The error of a failure to connect says what to do, and repeats nothing.
func TestHTTPSaysWhyItCannotConnect(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{}, Err: syscall.ECONNREFUSED}
	for want, err := range map[string]error{
		"refuses the connection: is it switched on":    refused,
		"cannot resolve cam: is it spelled correctly?": &net.DNSError{Err: "no such host", Name: "cam", IsNotFound: true},
	} {
		h := &httpcam.Camera{URL: "http://u:canary%FF@cam/?canary", DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, err }}
		got := h.Run(t.Context(), nil)
		if got == nil || !strings.Contains(got.Error(), want) || strings.Contains(got.Error(), "canary") {
			t.Errorf("%v; want %q", got, want)
		}
	}
}
