package httpcam_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
)

// rawRequest returns the first request to h, byte for byte.
func rawRequest(t *testing.T, h *httpcam.Camera) string {
	t.Helper()
	conns, _, _ := runCanned(t.Context(), h, func() io.Reader { return strings.NewReader("") }, 1)
	if len(conns) != 1 {
		t.Fatal("no request")
	}
	return conns[0].sent.String()
}

// Headers go out in the letters in which they are written, and replace those of the program.
func TestHeadersAsWritten(t *testing.T) {
	sent := rawRequest(t, &httpcam.Camera{URL: "http://cam/", Header: http.Header{
		"x-api-KEY": {"17", "18"}, "user-agent": {"mine"}, "aCCept": {"a/b"}, "HOST": {"other:80"}, "content-length": {"5"}, "X-Empty": nil,
	}})
	for _, line := range []string{"x-api-KEY: 17\r\n", "x-api-KEY: 18\r\n", "user-agent: mine\r\n", "aCCept: a/b\r\n", "Host: other:80\r\n"} {
		if strings.Count(sent, line) != 1 || strings.Count(strings.ToLower(sent), "\r\n"+strings.ToLower(line[:6])) > 2 {
			t.Errorf("no %q in %q", line, sent)
		}
	}
	for _, name := range []string{"user-agent:", "accept:", "host:", "x-empty:", "content-length:"} {
		want := 1
		if strings.HasPrefix(name, "x-") || strings.HasPrefix(name, "content") {
			want = 0
		}
		if n := strings.Count(strings.ToLower(sent), "\r\n"+name); n != want {
			t.Errorf("%d of %s in %q", n, name, sent)
		}
	}
}

func TestMethodAndBody(t *testing.T) {
	for want, h := range map[string]*httpcam.Camera{
		"POST / HTTP/1.1|Content-Length: 0":                            {Method: "POST"},
		"POST / HTTP/1.1|Content-Length: 7|application/json|{\"a\":1}": {Body: `{"a":1}`},
		"PUT / HTTP/1.1|application/xml|<a/>":                          {Method: "PUT", Body: "<a/>"},
		"GET / HTTP/1.1|x-www-form-urlencoded|a=b":                     {Method: "GET", Body: "a=b"},
		"POST / HTTP/1.1|content-type: text/x|a=b":                     {Body: "a=b", Header: http.Header{"content-type": {"text/x"}}},
	} {
		h.URL = "http://cam/"
		sent := rawRequest(t, h)
		for part := range strings.SplitSeq(want, "|") {
			if !strings.Contains(sent, part) {
				t.Errorf("no %s in %q", part, sent)
			}
		}
		if strings.Count(strings.ToLower(sent), "content-type") > 1 {
			t.Errorf("two types in %q", sent)
		}
	}
}

// The body is sent again with a login, and where 307 and 308 lead; 303 makes GET of it. It goes to no other origin.
func TestBodyIsSentAgain(t *testing.T) {
	const body = `{"name":"camera.getLivePreview","canary":1}`
	for status, test := range map[int]struct{ to, method, body string }{
		http.StatusTemporaryRedirect: {"/there", "POST", body},
		http.StatusPermanentRedirect: {"/there", "POST", body},
		http.StatusSeeOther:          {"/there", "GET", ""},
		http.StatusFound:             {"http://cam:81/there", "GET", ""},
		308 + 1000:                   {"http://cam:81/there", "", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
				got, _ := io.ReadAll(r.Body)
				switch {
				case r.URL.Path == "/there":
					if r.Method != test.method || string(got) != test.body {
						t.Errorf("%d: %s %q", status, r.Method, got)
					}
					fmt.Fprint(conn, streamHead+part(picture(1, 16, 16)))
				case string(got) != body || r.Method != "POST":
					t.Errorf("%s %q", r.Method, got)
				case r.Header.Get("Authorization") == "":
					fmt.Fprint(conn, "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"\r\nContent-Length: 0\r\n\r\n")
					return true
				default:
					fmt.Fprintf(conn, "HTTP/1.1 %d Moved\r\nLocation: %s\r\n\r\n", status%1000, test.to)
				}
				return false
			}}
			got, _, err := c.run(t, &httpcam.Camera{URL: "http://u:p@cam/", Body: body}, 1)
			if refused := err != nil && strings.Contains(err.Error(), "a request with a body to http://cam:81/there"); refused != (test.method == "") || len(got) == 0 == !refused {
				t.Errorf("%d: %d pictures, %v", status, len(got), err)
			}
		})
	}
}

// placed is a connection to an address.
type placed struct {
	net.Conn
	remote string
}

func (p placed) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(p.remote))
}

// Redirects lead to the camera itself and its relatives, unless any are allowed.
func TestRedirectsStayWithTheCamera(t *testing.T) {
	for _, test := range []struct {
		from, at, to string
		follow       bool
	}{
		{"cam.example.com", "192.0.2.1", "CAM.example.com.", true},
		{"cam.example.com", "192.0.2.1", "cam.example.com:99", true},
		{"cam.example.com", "192.0.2.1", "live.example.com", true},
		{"cam.example.com", "192.0.2.1", "example.com", true},
		{"cam.example.com", "192.0.2.1", "example.net", false},
		{"cam.example.com", "192.0.2.1", "cam.example.com.evil.org", false},
		{"cam.example.com", "192.0.2.1", "192.0.2.77", true},
		{"cam.example.com", "192.0.2.1", "192.0.3.1", false},
		{"cam.example.com", "192.0.2.1", "127.0.0.1", false},
		{"cam.example.com", "192.0.2.1", "localhost", false},
		{"a.co.uk", "192.0.2.1", "b.co.uk", false},
		{"x.a.co.uk", "192.0.2.1", "a.co.uk", true},
		{"a.duckdns.org", "192.0.2.1", "b.duckdns.org", false},
		{"cam.local", "192.0.2.1", "www.cam.local", true},
		{"cam.local", "192.0.2.1", "nas.local", false},
		{"cam", "192.0.2.1", "nas", false},
		{"192.0.2.1", "192.0.2.1", "192.0.2.254", true},
		{"192.0.2.1", "192.0.2.1", "192.0.1.1", false},
		{"192.0.2.1", "192.0.2.1", "cam.example.com", false},
		{"192.0.2.1", "192.0.2.1", "[::ffff:192.0.2.2]", true},
		{"192.0.2.1", "192.0.2.1", "[2001:db8::1]", false},
		{"[2001:db8::1]", "2001:db8::1", "[2001:db8::2:0:0:1]", true},
		{"[2001:db8::1]", "2001:db8::1", "[2001:db8:0:1::1]", false},
		{"127.0.0.1", "127.0.0.1", "localhost:8080", true},
		{"127.0.0.1", "127.0.0.1", "192.168.1.1", false},
	} {
		for _, any := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
					if n++; n == 1 {
						fmt.Fprint(conn, moved("http://"+test.to+"/v", ""))
					} else {
						fmt.Fprint(conn, streamHead+part(picture(1, 16, 16)))
					}
					return false
				}}
				at := test.at
				if strings.Contains(at, ":") {
					at = "[" + at + "]"
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				h := &httpcam.Camera{URL: "http://" + test.from + "/", AnyRedirect: any, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
					conn, err := c.dial(ctx, network, addr)
					return placed{conn, at + ":80"}, err
				}}
				err := h.Run(ctx, func(p stream.Picture) {
					if p.JPEG != nil {
						cancel()
					}
				})
				if followed := errors.Is(err, context.Canceled); followed != (test.follow || any) || len(c.dialled) > 1 != followed {
					t.Errorf("from %s to %s, any %v: dialled %v: %v", test.from, test.to, any, c.dialled, err)
				} else if !followed && !strings.Contains(err.Error(), "to another machine, http://") {
					t.Error(err)
				}
				c.closed(t)
			})
		}
	}
}

// A location is read as leniently as an address.
func TestRedirectToUncodedLocations(t *testing.T) {
	for to, want := range map[string]string{
		"/a b?c=ü#d":                     "/a%20b?c=%C3%BC",
		"http://cam/\"x\"%":              "/%22x%22%25",
		"?x=%2F y":                       "/video?x=%2F%20y",
		"http://cam/v?src=rtsp://u:p@h/": "/v?src=rtsp://u:p@h/",
	} {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
				if n++; n == 1 {
					fmt.Fprint(conn, moved(to, ""))
				} else {
					fmt.Fprint(conn, streamHead+part(picture(1, 16, 16)))
				}
				return false
			}}
			c.run(t, &httpcam.Camera{}, 1)
			if asked := c.asked(); len(asked) != 2 || asked[1].RequestURI != want {
				t.Errorf("%s: %d requests, %s", to, len(asked), asked[len(asked)-1].RequestURI)
			}
		})
	}
}
