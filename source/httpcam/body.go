package httpcam

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mjpegazer/stream"
)

const (
	maxOther  = 64 << 10    // bytes of a body without pictures
	afterLast = time.Second // that a camera may take to continue after the announced end
)

// readResponse reads the response to req up to its body. A body that cannot hold pictures is read to its end if it is short
// and the end is certain; else the connection is closed.
func (t *transport) readResponse(req *http.Request) (*http.Response, error) {
	conn := t.conn
	h, err := readHead(conn.in)
	for err == nil && h.status/100 == 1 { // the camera is there
		conn.by = time.Now().Add(t.camera.headTime())
		h, err = readHead(conn.in)
	}
	if err != nil {
		if timedOut(err) {
			err = stream.FailedStall.Of(problem("the camera did not answer within " + t.camera.headTime().String()))
		}
		return nil, err
	}
	b := &body{transport: t, conn: conn, head: h, length: h.length(), in: conn.in}
	t.body = b
	if len(h.rest) > 0 {
		b.in = bufio.NewReader(io.MultiReader(bytes.NewReader(h.rest), conn.in))
	}
	if h.chunked() {
		b.chunks = &chunks{in: b.in}
	}
	resp := &http.Response{
		Status: strconv.Itoa(h.status) + " " + http.StatusText(h.status), StatusCode: h.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h.header, Body: b, ContentLength: -1, Request: req,
	}
	if !succeeded(h.status) {
		b.finish()
		resp.Body = http.NoBody
	}
	return resp, b.decode(resp)
}

// succeeded reports whether a body with pictures may follow a status: some cameras send another one than 200.
func succeeded(status int) bool {
	return status/100 == 2 && status != http.StatusNoContent
}

// A body is the body of a response as the camera sends it, without its transfer coding. That of a stream ends with the
// connection: its Content-Length means nothing.
type body struct {
	transport *transport
	conn      *connection
	head      *head
	in        *bufio.Reader
	chunks    *chunks // nil: not chunked
	length    int64   // from Content-Length; -1: none
	read      int64   // bytes
	endless   bool    // said to be a stream, so that more may come after the announced end
	complete  bool    // the single picture has come
}

// Read reads what the camera sends. It passes the announced end only where more comes.
func (b *body) Read(p []byte) (n int, err error) {
	for {
		if b.whole() && !b.continues() {
			return 0, io.EOF
		}
		if b.chunks == nil {
			break
		}
		if n, err = b.chunks.Read(p); err != io.EOF || !b.chunks.ended {
			return n, err
		}
	}
	if left := b.length - b.read; left > 0 && !b.endless {
		p = p[:min(int64(len(p)), left)]
	}
	n, err = b.in.Read(p)
	b.read += int64(n)
	return n, err
}

// continues reports whether more comes after the announced end. It does not wait after a single picture.
func (b *body) continues() bool {
	if b.complete || b.chunks != nil && !b.endless {
		return false
	}
	b.conn.by = time.Now().Add(afterLast)
	defer func() { b.conn.by = time.Time{} }()
	if _, err := b.in.Peek(1); err != nil {
		return false
	}
	if b.chunks != nil {
		b.chunks.ended = false
	}
	return true
}

// whole reports whether the body has come to the announced end. A stream's announced length of 0 is ignored.
func (b *body) whole() bool {
	if b.chunks != nil {
		return b.chunks.ended
	}
	return b.read == b.length && (b.length > 0 || !b.endless)
}

// announced is the length of the body, if it is known and its content is not coded; else 0.
func (b *body) announced() int {
	if b.chunks != nil || b.head.header.Get("Content-Encoding") != "" || b.length > math.MaxInt32 {
		return 0
	}
	return int(max(b.length, 0))
}

// Close keeps the connection for the next request if the body is whole, and else closes it.
func (b *body) Close() error {
	t := b.transport
	switch {
	case t.conn != b.conn:
	case b.whole() && b.head.persistent() && b.in.Buffered() == 0:
		t.idle = true
	default:
		t.close()
	}
	return nil
}

// finish reads a body without pictures, so that the connection can be reused. It does not wait for an end that is not certain.
func (b *body) finish() {
	b.complete = true
	switch status := b.head.status; {
	case status == http.StatusNotModified || status == http.StatusNoContent:
		b.length, b.chunks = 0, nil
	case !b.head.persistent():
		if b.head.closing() { // a camera that serves one client is free again when it has closed
			b.conn.by = time.Now().Add(afterLast)
			io.CopyN(io.Discard, b.in, maxOther)
		}
	case b.chunks != nil:
		io.CopyN(io.Discard, b, maxOther)
	case b.length >= 0 && b.length <= maxOther:
		io.Copy(io.Discard, b)
	}
	b.Close()
}

// decode undoes gzip if [Camera.Gzip] is set: a small answer may become a large one. Where only the head says gzip, nothing
// is undone.
func (b *body) decode(resp *http.Response) error {
	if !strings.Contains(strings.ToLower(resp.Header.Get("Content-Encoding")), "gzip") || resp.Body == http.NoBody {
		return nil
	}
	in := bufio.NewReader(b)
	if magic, _ := in.Peek(2); !bytes.Equal(magic, []byte{0x1F, 0x8B}) {
		resp.Body = decoded{in, b}
		return nil
	}
	if !b.transport.camera.Gzip {
		return problem("the camera compresses what it sends with gzip: add #gzip to its address to allow that")
	}
	unzip, err := gzip.NewReader(in)
	if err != nil {
		return problem("the camera's response is damaged gzip")
	}
	resp.Body = decoded{unzip, b}
	return nil
}

// decoded is a body without its content coding.
type decoded struct {
	io.Reader
	io.Closer
}
