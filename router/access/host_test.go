package access_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mjpegazer/router/access"
)

// serveAt serves on a listener, which it lets the Control know.
func serveAt(t *testing.T, l net.Listener, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Listener.Close()
	server.Listener = l
	server.Config.BaseContext = access.BaseContext
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// rawAnswer is what a server says to a request before it closes the connection.
func rawAnswer(t *testing.T, server *httptest.Server, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, request)
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
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
			server := serveAt(t, again(t, test.listener), guarded(&access.Control{Hosts: test.hosts}))
			ask := func(hosts []string, want bool) {
				for _, host := range hosts {
					// By hand: a client of Go's would not send an empty one.
					status, body, _ := strings.Cut(rawAnswer(t, server, "GET / HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n"), "\r\n")
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
			if status := rawAnswer(t, server, "GET / HTTP/1.0\r\n\r\n"); !strings.HasPrefix(status, "HTTP/1.0 200") {
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
	serveAt(t, l, guarded(&access.Control{Hosts: []string{"cams.example.com"}}))
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
