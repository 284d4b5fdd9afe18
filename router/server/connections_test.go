package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// fake is a connection that only knows whether it was closed.
type fake struct {
	net.Conn
	closed bool
}

func (f *fake) Close() error { f.closed = true; return nil }

func TestConnectionsShedTheLongestIdle(t *testing.T) {
	var c connections
	c.most.Store(3)
	var all []*fake
	open := func() *fake {
		f := &fake{}
		all = append(all, f)
		c.note(f, http.StateNew)
		return f
	}
	a, b, d := open(), open(), open()
	c.note(a, http.StateActive)
	c.note(b, http.StateActive)
	c.note(d, http.StateActive)
	c.note(b, http.StateIdle)
	c.note(a, http.StateIdle)
	e := open() // one too many: b has waited longest
	if a.closed || !b.closed || d.closed || e.closed {
		t.Fatalf("closed: %t %t %t %t", a.closed, b.closed, d.closed, e.closed)
	}
	c.note(b, http.StateClosed)
	c.note(a, http.StateActive)
	c.note(e, http.StateActive)
	if f := open(); !f.closed || a.closed || d.closed || e.closed {
		t.Error("with all in use it is not the newest that is closed")
	} else {
		c.note(f, http.StateClosed)
	}
	for _, f := range []*fake{a, d, e} {
		c.note(f, http.StateClosed)
	}
	c.note(open(), http.StateHijacked)
	if c.open != 0 || c.idle.Len() != 0 || len(c.places) != 0 {
		t.Errorf("%d open, %d idle, %d places", c.open, c.idle.Len(), len(c.places))
	}
}

func TestConnectionLimit(t *testing.T) {
	for _, test := range []struct {
		files   uint64
		cameras int
		want    int
	}{{0, 3, 0}, {1 << 40, 3, 0}, {1024, 1, 956}, {1024, 500, 512}, {64, 1, 32}} {
		if got := connectionLimit(test.files, test.cameras); got != test.want {
			t.Errorf("%d files, %d cameras: %d, want %d", test.files, test.cameras, got, test.want)
		}
	}
}

// Connections on which nothing is asked keep nobody out, over HTTP and in real time.
func TestIdleConnectionsKeepNobodyOut(t *testing.T) {
	c := &connections{}
	c.most.Store(20)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ConnState: c.note, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "yes") })}
	go server.Serve(l)
	defer server.Shutdown(context.Background())
	client := func() *http.Client { return &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second} }
	for range 100 { // each keeps its connection
		resp, err := client().Get("http://" + l.Addr().String())
		if errors.Is(err, io.EOF) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open > 21 {
		t.Errorf("%d connections are open", c.open)
	}
}
