package router_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A conversation is what came of a request: all bytes, of HTTP/2 those of headers and data, and the first answer in them.
type conversation struct {
	all    []byte
	status int // 0: there was no answer
	header http.Header
	body   []byte // as far as it came
	log    string
}

const (
	conversationTime = 7 * time.Second // longer than a wrong login takes, a body that does not come, or a heartbeat
	conversationSize = 64 << 10
)

// converse sends a request to a server as it is, however wrong. It is run in a bubble of synctest.
func converse(t *testing.T, server *http.Server, overHTTP2 bool, method, target, header, more string) conversation {
	client, at := net.Pipe()
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	listener := &onceListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
	listener.conns <- pipeConn{at}
	go server.Serve(listener)
	defer client.Close()
	client.SetDeadline(time.Now().Add(conversationTime))
	more = strings.ReplaceAll(strings.ReplaceAll(more, "\r\n", "\n"), "\n", "\r\n")
	if overHTTP2 {
		return converseHTTP2(client, method, target, header+more)
	}
	go fmt.Fprintf(client, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s\r\n\r\n", method, target, header, more)
	all, _ := io.ReadAll(io.LimitReader(client, conversationSize)) // an error is the end
	c := conversation{all: all}
	for r := bufio.NewReader(bytes.NewReader(all)); ; {
		response, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return c
		}
		if response.StatusCode >= 200 {
			c.status, c.header = response.StatusCode, response.Header
			c.body, _ = io.ReadAll(response.Body) // an error is the end
			return c
		}
	}
}

// converseHTTP2 is converse by HTTP/2 with prior knowledge (RFC 9113, 3.3).
func converseHTTP2(client net.Conn, method, target, header string) (c conversation) {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	field := func(name, value string) { encoder.WriteField(hpack.HeaderField{Name: name, Value: value}) }
	field(":method", method)
	field(":scheme", "http")
	field(":authority", "127.0.0.1")
	field(":path", target)
	head, body, more := strings.Cut(header, "\r\n\r\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(head, "\r\n"), "\r\n") {
		name, value, _ := strings.Cut(strings.TrimPrefix(line, ":"), ":")
		if line = strings.TrimSpace(value); name != "" {
			field(strings.ToLower(name), line)
		}
	}
	framer := http2.NewFramer(client, client)
	framer.AllowIllegalWrites = true
	go func() { // errors mean that the server has closed the connection, which its answers end with
		io.WriteString(client, http2.ClientPreface)
		framer.WriteSettings()
		framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes()[:min(block.Len(), 16<<10)], EndStream: !more, EndHeaders: true})
		if more {
			framer.WriteData(1, true, []byte(body[:min(len(body), 16<<10)]))
		}
	}()
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	for len(c.all) < conversationSize {
		frame, err := framer.ReadFrame()
		if err != nil {
			return c
		}
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			c.note(f)
		case *http2.DataFrame:
			c.body, c.all = append(c.body, f.Data()...), append(c.all, f.Data()...)
		case *http2.RSTStreamFrame:
			return c
		}
		if f := frame.Header(); f.StreamID == 1 && f.Flags.Has(http2.FlagDataEndStream) && f.Type <= http2.FrameHeaders {
			return c
		}
	}
	return c
}

// note takes over the head of an answer, or its trailers.
func (c *conversation) note(f *http2.MetaHeadersFrame) {
	header := http.Header{}
	for _, field := range f.RegularFields() {
		header.Add(field.Name, field.Value)
	}
	c.all = fmt.Append(c.all, f.PseudoValue("status"), header)
	if c.status < 200 {
		fmt.Sscan(f.PseudoValue("status"), &c.status)
		c.header = header
	}
}

// outline is what must be the same of the answers of two cameras of which the client may see neither.
func (c conversation) outline() string {
	text := fmt.Sprintln(c.status)
	for _, name := range slices.Sorted(maps.Keys(c.header)) {
		if name != "Content-Length" || c.status >= 400 {
			text += fmt.Sprintln(name, c.header[name])
		}
	}
	if c.status < 400 { // it may have numbers of the program's own
		return text
	}
	return text + string(c.body)
}

// A onceListener accepts one connection.
type onceListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *onceListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *onceListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *onceListener) Addr() net.Addr { return loopback }

var loopback = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5000}

// A loopbackListener says where a server listens.
type loopbackListener struct{ net.Listener }

func (loopbackListener) Addr() net.Addr { return loopback }

// A pipeConn is one over loopback, as far as can be seen.
type pipeConn struct{ net.Conn }

func (pipeConn) LocalAddr() net.Addr  { return loopback }
func (pipeConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000} }

// A lockedWriter is for many goroutines.
type lockedWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *lockedWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(b)
}

// check says what is wrong with an answer.
func (k *keyring) check(t *testing.T, q question, a conversation) {
	t.Helper()
	all := string(a.all)
	wrong := func(format string, arguments ...any) {
		t.Helper()
		t.Errorf("%v: %s\n%.1500q\nlog: %.1500s", q, fmt.Sprintf(format, arguments...), all, a.log)
	}
	if strings.Contains(a.log, "panic") && !q.says("panic") {
		wrong("panic")
	}
	for _, c := range k.hidden(q) {
		if mark := markOf(c.name); strings.Contains(all, mark) && !q.says(mark) || strings.Contains(all, c.name) && !q.says(c.name) && !a.isAsset() {
			wrong("the camera %s is told of", c.name)
		}
	}
	for _, secret := range k.secrets {
		if (strings.Contains(all, secret) || strings.Contains(a.log, secret)) && !q.says(secret) {
			wrong("the secret %q is told", secret)
		}
	}
	for _, secret := range k.own {
		given := strings.HasPrefix(k.people[q.who].query, "token="+secret[:6]) || k.people[q.who].query != "" && !strings.Contains(secret, "token")
		if (strings.Contains(all, secret) && !given || strings.Contains(a.log, secret)) && !q.says(secret) {
			wrong("the token %q is told", secret)
		}
	}
	if a.status != 0 && strings.HasPrefix(a.header.Get("Server"), "mjpegazer/") {
		if text := headersOf(q, a); text != "" {
			wrong("%s", text)
		}
	}
}

func (c conversation) isAsset() bool {
	return c.header.Get("Etag") != "" && c.status < 400
}

// headersOf says what is wrong with the headers of an answer of the handler's.
func headersOf(q question, a conversation) string {
	h, kind := a.header, a.header.Get("Content-Type")
	policy := h.Get("Content-Security-Policy")
	form := a.status == http.StatusUnauthorized && strings.HasPrefix(kind, "text/html") // for a token; it says who sends it
	switch {
	case h.Get("Referrer-Policy") != "no-referrer" && !(form && h.Get("Referrer-Policy") == "strict-origin"):
		return "the address may go on as Referer"
	case h.Get("X-Content-Type-Options") != "nosniff" && a.status != http.StatusNoContent && len(a.body) > 0 && !picture(kind):
		return "a browser may guess what it is"
	case picture(kind) && !strings.HasPrefix(policy, "default-src 'none'; style-src 'unsafe-inline'; sandbox"):
		return "a picture may run script"
	case form && (!strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "script-src")):
		return "the form may run script"
	case !form && strings.HasPrefix(kind, "text/html") && !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; "):
		return "the page may run script of others"
	case h.Get("Cache-Control") != "no-store" && !a.isAsset() && !forAll(a) && a.status != http.StatusNoContent && a.status != http.StatusMethodNotAllowed && a.status < 500:
		return "a cache may keep it"
	case a.status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "":
		return "it does not say how to log in"
	}
	for _, cookie := range h.Values("Set-Cookie") {
		if !strings.Contains(cookie, "HttpOnly; ") || !strings.Contains(cookie, "SameSite=Strict") {
			return "a cookie for others"
		}
	}
	if location := h.Get("Location"); location != "" && !strings.HasPrefix(location, "./") {
		return "it leads to other servers"
	}
	if origin := h.Get("Access-Control-Allow-Origin"); origin != "" && (q.house != foreignHouse || origin != "https://dash.example") {
		return "pages of other sites may read it"
	}
	return ""
}

// picture reports whether pictures are sent under a type.
func picture(kind string) bool {
	return strings.HasPrefix(kind, "image/jpeg") || strings.HasPrefix(kind, "multipart/") || kind == "application/octet-stream"
}

// forAll reports whether an answer is health's, which says the same to everybody.
func forAll(a conversation) bool {
	text := string(a.body)
	return text == "True" || text == "ok\n" || text == "False" || len(text) == 0
}
