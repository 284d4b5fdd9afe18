package httpcam

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

const (
	maxHead  = 64 << 10 // bytes
	maxLines = 200
	maxBlank = 16 // blank lines before a head
)

var (
	errEndlessHead = problem("the head of the camera's response does not end")
	errNoAnswer    = problem("the camera closed the connection without a response")
)

// A head is the head of a response as the camera sent it, which may be far from HTTP.
type head struct {
	status int // 200 where no status line was sent
	header http.Header
	line   bool   // a status line was sent
	later  bool   // HTTP/1.1 or later
	rest   []byte // bytes that were read and belong to the body
	quirks quirks
}

// readHead reads a response head: HTTP/1.x, ICY, without a status line, or none at all.
func readHead(in *bufio.Reader) (*head, error) {
	h := &head{status: http.StatusOK, header: http.Header{}}
	left := maxHead
	line, err := firstLine(in, &left)
	if err != nil {
		return nil, err
	}
	status, ok := statusOf(line)
	switch {
	case ok:
		h.line, h.status = true, status
		h.later = !bytes.Contains(line, []byte("/1.0")) && !bytes.Contains(line, []byte("/0."))
		h.endings(line)
	case isField(line):
		h.quirks.add("no status line")
		h.field(line, "")
	default:
		h.quirks.add("no response head")
		h.rest = line
		return h, nil
	}
	return h, h.readFields(in, &left)
}

// readFields reads the header lines up to the blank line, or to where the body begins without one.
func (h *head) readFields(in *bufio.Reader, left *int) error {
	last := ""
	for range maxLines {
		line, err := readLine(in, left)
		if err == io.EOF {
			h.rest = line
			return nil
		}
		if err != nil {
			return err
		}
		h.endings(line)
		text := bytes.TrimRight(line, "\r\n")
		switch {
		case len(text) == 0:
			return nil
		case bytes.HasPrefix(text, []byte("--")), bytes.Contains(text, []byte{0xFF, 0xD8, 0xFF}):
			h.quirks.add("no blank line after the head")
			h.rest = line
			return nil
		case (text[0] == ' ' || text[0] == '\t') && last != "":
			values := h.header[last]
			values[len(values)-1] += " " + string(bytes.TrimSpace(text))
		default:
			last = h.field(text, last)
		}
	}
	return errEndlessHead
}

// field adds a header line and returns its name, or last where it has none.
func (h *head) field(line []byte, last string) string {
	name, value, ok := bytes.Cut(line, []byte(":"))
	name = bytes.TrimSpace(name)
	if !ok || len(name) == 0 {
		h.quirks.add("a header line without a name")
		return last
	}
	key := textproto.CanonicalMIMEHeaderKey(string(name))
	h.header.Add(key, string(bytes.TrimSpace(value)))
	return key
}

// endings notes where a line ends in LF alone.
func (h *head) endings(line []byte) {
	if !bytes.HasSuffix(line, []byte("\r\n")) {
		h.quirks.add("lines of the head end in LF")
	}
}

// firstLine returns the first line that is not blank. It returns what was read of bytes that cannot be a line of a head.
func firstLine(in *bufio.Reader, left *int) ([]byte, error) {
	for range maxBlank {
		start, err := in.Peek(2)
		switch {
		case len(start) == 0 && err == io.EOF:
			return nil, errNoAnswer
		case len(start) == 0:
			return nil, err
		case string(start) == "--" || start[0] == 0xFF:
			return nil, nil
		}
		line, err := readLine(in, left)
		if err == errEndlessHead || err == io.EOF {
			return line, nil // it belongs to the body
		}
		if err != nil || len(bytes.TrimRight(line, "\r\n")) > 0 {
			return line, err
		}
	}
	return nil, nil
}

// readLine returns a line with its line end. Where that does not come within the bytes left, it returns what was read, and
// an error.
func readLine(in *bufio.Reader, left *int) ([]byte, error) {
	var line []byte
	for {
		piece, err := in.ReadSlice('\n')
		line = append(line, piece...)
		*left -= len(piece)
		switch {
		case *left < 0:
			return line, errEndlessHead
		case !errors.Is(err, bufio.ErrBufferFull):
			return line, err
		}
	}
}

// statusOf reads a status line: HTTP/1.1 200 OK, HTTP 200, ICY 200 OK. Without a number it means success.
func statusOf(line []byte) (status int, ok bool) {
	upper := strings.ToUpper(string(line[:min(len(line), 64)]))
	if !strings.HasPrefix(upper, "HTTP") && !strings.HasPrefix(upper, "ICY ") {
		return 0, false
	}
	words := strings.Fields(upper)
	if strings.HasSuffix(words[0], ":") {
		return 0, false
	}
	for _, word := range words[1:] {
		if n, err := strconv.Atoi(word); err == nil && n >= 100 && n <= 999 {
			return n, true
		}
	}
	return http.StatusOK, true
}

// isField reports whether a line is a header line: a token, RFC 9110 section 5.6.2, and a colon.
func isField(line []byte) bool {
	name, _, ok := bytes.Cut(line, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	return ok && len(name) > 0 && !bytes.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7F || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// length returns the length of the body where that is certain, or -1.
func (h *head) length() int64 {
	values := h.header["Content-Length"]
	if len(values) == 0 || !h.line || len(h.header["Transfer-Encoding"]) > 0 {
		return -1
	}
	for _, value := range values {
		if value != values[0] {
			return -1
		}
	}
	n, err := strconv.ParseUint(values[0], 10, 62)
	if err != nil {
		return -1
	}
	return int64(n)
}

// chunked reports whether the body is said to be in chunks.
func (h *head) chunked() bool {
	return strings.Contains(strings.ToLower(strings.Join(h.header["Transfer-Encoding"], ",")), "chunked")
}

// persistent reports whether the connection may carry another request, RFC 9112 section 9.3.
func (h *head) persistent() bool {
	return h.line && len(h.rest) == 0 && !h.closing()
}

// closing reports whether the camera closes the connection after the response.
func (h *head) closing() bool {
	value := strings.ToLower(strings.Join(h.header["Connection"], ","))
	return strings.Contains(value, "close") || h.line && !h.later && !strings.Contains(value, "keep-alive")
}

// quirks are departures from the standards, for people to read, each once.
type quirks []string

func (q *quirks) add(text string) {
	for _, known := range *q {
		if known == text {
			return
		}
	}
	*q = append(*q, text)
}
