package test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// A viewer reads /live from a socket, byte by byte as the wire format is written down, and takes nothing else.
type viewer struct {
	conn   net.Conn
	reader *bufio.Reader
	status string
	header textproto.MIMEHeader
}

// view asks for a stream and reads the head of the answer.
func view(tb testing.TB, address string, headers ...string) *viewer {
	tb.Helper()
	return viewThrough(tb, address, 64<<10, headers...)
}

// viewThrough is view with a buffer of so many bytes, in which pictures may grow old.
func viewThrough(tb testing.TB, address string, buffer int, headers ...string) *viewer {
	tb.Helper()
	v, err := dial(address, buffer, headers...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(v.close)
	if !strings.HasPrefix(v.status, "HTTP/1.1 200 ") {
		body, _ := io.ReadAll(v.reader)
		tb.Fatalf("GET %s: %s: %s", address, v.status, body)
	}
	return v
}

// dial takes unix:SOCKET?PATH as well.
func dial(address string, buffer int, headers ...string) (*viewer, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	network, host, path := "tcp", u.Host, u.RequestURI()
	if u.Scheme == "unix" {
		network, host, path = "unix", u.Path, u.RawQuery
	}
	conn, err := net.DialTimeout(network, host, 10*time.Second)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "https" {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // the test's own certificate
	}
	v := &viewer{conn: conn, reader: bufio.NewReaderSize(conn, 4096)}
	lines := append([]string{"GET " + path + " HTTP/1.1", "Host: " + u.Host}, headers...)
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		return nil, err
	}
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	text := textproto.NewReader(v.reader)
	if v.status, err = text.ReadLine(); err != nil {
		return nil, err
	}
	v.header, err = text.ReadMIMEHeader()
	body := io.Reader(v.reader)
	if v.header.Get("Transfer-Encoding") == "chunked" {
		body = httputil.NewChunkedReader(body)
	}
	v.reader = bufio.NewReaderSize(body, buffer)
	return v, err
}

// viewHTTP2 asks for a stream by HTTP/2.
func viewHTTP2(tb testing.TB, address string) *viewer {
	tb.Helper()
	conn, err := tls.Dial("tcp", strings.Split(address, "/")[2], &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		tb.Fatal(err)
	}
	transport := &http.Transport{ForceAttemptHTTP2: true, DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
		return conn, nil // made by the test's own goroutine, which may be in a network namespace
	}}
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		tb.Fatal(err)
	}
	v := &viewer{conn: conn}
	v.within(20 * time.Second)
	response, err := transport.RoundTrip(request)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		conn.Close()
		response.Body.Close()
	})
	if response.StatusCode != http.StatusOK || response.ProtoMajor != 2 {
		tb.Fatalf("%s %s", response.Proto, response.Status)
	}
	v.reader = bufio.NewReaderSize(response.Body, 64<<10)
	return v
}

func (v *viewer) close() { v.conn.Close() }

// within bounds every read that follows.
func (v *viewer) within(d time.Duration) { v.conn.SetReadDeadline(time.Now().Add(d)) }

// expect reads text and nothing else.
func (v *viewer) expect(text string) error {
	got := make([]byte, len(text))
	if n, err := io.ReadFull(v.reader, got); err != nil {
		return fmt.Errorf("%q, then %w instead of %q", got[:n], err, text)
	}
	if string(got) != text {
		return fmt.Errorf("%q instead of %q", got, text)
	}
	return nil
}

// A part is one picture of the framed form.
type part struct {
	header string // as it was, with the empty line that ends it
	jpeg   []byte
}

// repeated reports whether the program says that this is no new picture, but a sign of life.
func (p part) repeated() bool { return strings.Contains(p.header, "X-Repeat: 1\r\n") }

// next reads a part with its headers, and the delimiter behind it. io.EOF is an end between two parts.
func (v *viewer) next() (part, error) {
	header, err := v.head()
	if err != nil {
		return part{}, err
	}
	length, err := contentLength(header)
	if err != nil {
		return part{}, err
	}
	jpeg := make([]byte, length)
	if n, err := io.ReadFull(v.reader, jpeg); err != nil {
		return part{}, fmt.Errorf("a part of %d bytes was cut after %d: %w", length, n, noEOF(err))
	}
	return part{string(header), jpeg}, v.expect("\r\n--frame\r\n")
}

func (v *viewer) head() ([]byte, error) {
	var header []byte
	for {
		line, err := v.reader.ReadSlice('\n')
		header = append(header, line...)
		if err != nil && len(header) > 0 {
			return nil, fmt.Errorf("a part was cut in its header %q: %w", header, noEOF(err))
		}
		if err != nil || len(line) == len("\r\n") {
			return header, err
		}
	}
}

// skim reads a part and looks at nothing but its length and its stamp: readers must not take the time they measure.
func (v *viewer) skim() (n int, taken time.Time, err error) {
	length, _, err := v.skimHead()
	if err != nil {
		return 0, time.Time{}, err
	}
	begin, err := v.reader.Peek(streamtest.StampLength)
	if err != nil {
		return 0, time.Time{}, err
	}
	if n, taken, err = streamtest.ReadStamp(begin); err != nil {
		return 0, time.Time{}, err
	}
	_, err = v.reader.Discard(length + len("\r\n--frame\r\n"))
	return n, taken, err
}

// skimHead reads the header of a part for the length of its picture and the digits of X-Timestamp, which are valid until the next
// read.
func (v *viewer) skimHead() (length int, timestamp []byte, err error) {
	for {
		line, err := v.reader.ReadSlice('\n')
		if err != nil || len(line) == len("\r\n") {
			return length, timestamp, err
		}
		if digits, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			length, _ = strconv.Atoi(string(digits[:len(digits)-2]))
		} else if digits, found := bytes.CutPrefix(line, []byte("X-Timestamp: ")); found {
			timestamp = digits[:len(digits)-2]
		}
	}
}

// bare reads n bytes of a picture of the form without lengths: everything up to the delimiter that browsers need to see.
func (v *viewer) bare() ([]byte, error) {
	const delimiter = "\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n"
	var picture []byte
	for !bytes.HasSuffix(picture, []byte(delimiter)) {
		run, err := v.reader.ReadSlice('\n')
		picture = append(picture, run...)
		if err != nil && err != bufio.ErrBufferFull {
			return nil, noEOF(err)
		}
	}
	return picture[:len(picture)-len(delimiter)], nil
}

func contentLength(header []byte) (int, error) {
	_, rest, found := bytes.Cut(header, []byte("Content-Length: "))
	digits, _, ended := bytes.Cut(rest, []byte("\r\n"))
	if !found || !ended {
		return 0, fmt.Errorf("no Content-Length in %q", header)
	}
	return strconv.Atoi(string(digits))
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
