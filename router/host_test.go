package router_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"mjpegazer/router"
)

// serveAt serves on a listener, which it lets the Access know.
func serveAt(t *testing.T, l net.Listener, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Listener.Close()
	server.Listener = l
	server.Config.BaseContext = router.BaseContext
	server.Start()
	t.Cleanup(server.Close)
	return server
}

func TestHosts(t *testing.T) {
	loopback, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	everywhere, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	own := []string{"localhost", "LocalHost:5000", "127.0.0.1:5000", "192.168.1.2", "[::1]:5000", "[::1]", "localhost.", ""}
	given := []string{"cams.example.com", "CAMS.example.com:443", "cams.example.com."}
	others := []string{"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "cams.example.com.evil.example", "xlocalhost"}
	for _, test := range []struct {
		name          string
		listener      net.Listener
		hosts         []string
		given, others bool // whether they are answered
	}{
		{"loopback", loopback, nil, false, false},
		{"loopback with -allowed-hosts", loopback, []string{"cams.example.com"}, true, false},
		{"everywhere", everywhere, nil, true, true},
		{"everywhere with -allowed-hosts", everywhere, []string{"Cams.example.com:443"}, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := serveAt(t, again(t, test.listener), guarded(&router.Access{Hosts: test.hosts}))
			ask := func(hosts []string, want bool) {
				for _, host := range hosts {
					// By hand: a client of Go's would not send an empty one.
					status, body, _ := strings.Cut(wire(t, server, "GET / HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n"), "\r\n")
					switch {
					case want && status != "HTTP/1.1 200 OK":
						t.Errorf("Host %q: %s", host, status)
					case !want && (status != "HTTP/1.1 403 Forbidden" || !strings.Contains(body, "-allowed-hosts")):
						t.Errorf("Host %q: %s %s", host, status, body)
					}
				}
			}
			ask(own, true)
			ask(given, test.given)
			ask(others, test.others)
			if status := wire(t, server, "GET / HTTP/1.0\r\n\r\n"); !strings.HasPrefix(status, "HTTP/1.0 200") {
				t.Errorf("no Host: %s", status)
			}
		})
	}
}

// again listens where l does, which is closed.
func again(t *testing.T, l net.Listener) net.Listener {
	l.Close()
	next, err := net.Listen("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func TestHostsThroughUnixSockets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip("no Unix sockets here:", err)
	}
	serveAt(t, l, guarded(&router.Access{Hosts: []string{"cams.example.com"}}))
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return net.Dial("unix", path)
	}, DisableKeepAlives: true}}
	r, err := client.Get("http://any.example/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, _ := io.ReadAll(r.Body); r.StatusCode != 200 {
		t.Errorf("%s %s", r.Status, body)
	}
}

func TestOrigins(t *testing.T) {
	for _, origin := range []string{"https://a.example", "http://a.example:8080", "HTTP://A.example", "*", "http://[::1]:3000"} {
		if err := router.CheckOrigin(origin); err != nil {
			t.Error(err)
		}
	}
	for _, origin := range []string{"", "a.example", "https://a.example/", "https://a.example/x", "null", "ftp://a.example", "https://u@a.example", "https://*.example/?"} {
		if router.CheckOrigin(origin) == nil {
			t.Errorf("origin %q is taken", origin)
		}
	}
	closed := guarded(&router.Access{Token: openToken(t), Origins: []string{"https://A.example:443"}})
	open := guarded(&router.Access{Origins: []string{"*"}})
	none := guarded(&router.Access{})
	for _, test := range []struct {
		name           string
		h              http.Handler
		method, origin string
		code           int
		allowed        string
	}{
		{"listed", closed, "GET", "https://a.example", 401, "https://a.example"},
		{"listed, before", closed, "OPTIONS", "https://a.example", 204, "https://a.example"},
		{"other", closed, "GET", "https://b.example", 401, ""},
		{"other, before", closed, "OPTIONS", "https://b.example", 401, ""},
		{"other scheme", closed, "OPTIONS", "http://a.example", 401, ""},
		{"any", open, "GET", "https://b.example", 200, "*"},
		{"any, before", open, "OPTIONS", "null", 204, "*"},
		{"none", none, "GET", "https://a.example", 200, ""},
		{"none, before", none, "OPTIONS", "https://a.example", 200, ""},
		{"no page", closed, "GET", "", 401, ""},
	} {
		w := answer(t, test.h, test.method, "/live", try{set: func(r *http.Request) {
			if test.origin != "" {
				r.Header.Set("Origin", test.origin)
			}
			if test.method == "OPTIONS" {
				r.Header.Set("Access-Control-Request-Method", "GET")
			}
		}})
		h := w.Header()
		if w.Code != test.code || h.Get("Access-Control-Allow-Origin") != test.allowed {
			t.Errorf("%s: %d %v", test.name, w.Code, h)
		}
		if credentials := h.Get("Access-Control-Allow-Credentials") == "true"; credentials != (test.allowed != "" && test.allowed != "*") {
			t.Errorf("%s: %v", test.name, h)
		}
	}
}
