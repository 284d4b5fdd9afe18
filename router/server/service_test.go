package server

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mjpegazer/router/server/internal/config"
	"mjpegazer/stream"
)

// newServing is a program that serves a test card, and what it logs once it is closed.
func newServing(t *testing.T, args ...string) *program {
	t.Helper()
	c, err := config.Parse(append([]string{"-listen=127.0.0.1:0", "-max-connections=3", "pattern:"}, args...), nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	log, err := openLog(c, new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	p := newProgram(t.Context(), c, log)
	first, err := p.prepare(c, false)
	if err != nil {
		t.Fatal(err)
	}
	p.carryOut(first)
	t.Cleanup(func() {
		p.shutDown()
		log.lines.close()
	})
	return p
}

// camera adds one that is watched.
func (p *program) camera(t *testing.T, name string, source stream.SourceFunc) {
	c := &camera{Camera: config.Camera{Name: name}, stream: stream.New(source, stream.Options{Stall: 50 * time.Millisecond})}
	v := c.stream.View(stream.ViewerOptions{})
	t.Cleanup(v.Close)
	p.serving.Store(&serving{append(p.serving.Load().cameras, c), p.ports})
}

// A program is alive, whatever its cameras do, unless the reader of one does not return.
func TestAlive(t *testing.T) {
	p := newServing(t)
	if !p.alive(t.Context()) {
		t.Fatal("it is not")
	}
	if got := p.status(); got != "1 camera, 0 live, 0 viewers" {
		t.Error(got)
	}
	p.camera(t, "dead", func(ctx context.Context, emit func(stream.Picture)) error {
		<-ctx.Done()
		return ctx.Err()
	})
	time.Sleep(300 * time.Millisecond)
	if !p.alive(t.Context()) {
		t.Error("a dead camera makes it dead")
	}
	free := make(chan struct{})
	p.camera(t, "stuck", func(ctx context.Context, emit func(stream.Picture)) error {
		<-free
		return ctx.Err()
	})
	deadline := time.Now().Add(5 * time.Second)
	for p.alive(t.Context()) {
		if time.Now().After(deadline) {
			t.Fatal("a reader that is stuck is not seen")
		}
		time.Sleep(10 * time.Millisecond)
	}
	close(free)
	for !p.alive(t.Context()) {
		if time.Now().After(deadline.Add(5 * time.Second)) {
			t.Fatal("a reader that was stuck is never well again")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if got := p.status(); !strings.HasSuffix(got, "3 cameras, 0 live, 2 viewers") {
		t.Error(got)
	}
	p.outcome.set([]string{"f:1:1: unknown key", "f:2:1: too"})
	if got := p.status(); got != "configuration not reloaded: f:1:1: unknown key" {
		t.Error(got)
	}
}

// A program answers itself by all ways there are.
func TestAnswers(t *testing.T) {
	directory := t.TempDir()
	certificate, key := selfSigned(t, "localhost")
	for name, content := range map[string][]byte{"cert.pem": certificate, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(directory, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := newServing(t, "-tls-cert="+filepath.Join(directory, "cert.pem"), "-tls-key="+filepath.Join(directory, "key.pem"),
		"-listen=unix:"+filepath.Join(directory, "socket"))
	if len(p.ports) != 2 {
		t.Fatalf("%d ports", len(p.ports))
	}
	for _, opened := range p.ports {
		if !p.answers(t.Context(), opened.Addr()) {
			t.Errorf("no answer at %v", opened.Addr())
		}
	}
}

// A program is alive also while as many are connected as may be, none of whom goes for its question.
func TestAliveWhenFull(t *testing.T) {
	p := newServing(t)
	var all []net.Conn
	for range 3 {
		conn, err := net.Dial("tcp", p.ports[0].Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.ReadFull(conn, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		all = append(all, conn)
	}
	if !p.alive(t.Context()) {
		t.Error("it is not")
	}
	for _, conn := range all {
		if _, err := io.ReadFull(conn, make([]byte, 1000)); err != nil {
			t.Error(err)
		}
	}
}

// A program whose port does not answer is not alive.
func TestNotAlive(t *testing.T) {
	p := newServing(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.serving.Store(&serving{nil, []*port{{Listener: silent}}})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if p.alive(ctx) {
		t.Error("it is")
	}
	silent.Close()
	if p.alive(t.Context()) {
		t.Error("a closed port answers")
	}
}
