package mjpeg

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// boundary separates the pictures of a multipart stream (RFC 2046, 5.1.1).
const boundary = "frame"

const (
	partType  = "Content-Type: image/jpeg\r\n"
	dashed    = "--" + boundary
	delimiter = "\r\n" + dashed + "\r\n"
	repeated  = "X-Repeat: 1\r\n"
)

const (
	// ContentType is the media type of a stream of parts, whose boundary is "frame".
	ContentType = "multipart/x-mixed-replace; boundary=" + boundary
	// Start is what a stream of parts begins with, see [Packed.Part].
	Start = dashed + "\r\n"
	// OpenStart is what a stream of open parts begins with, see [Packed.OpenPart].
	OpenStart = Start + partType + "\r\n"
	// WaitHeader is a header line that may come before any part, any number of times. It means nothing, and keeps a connection
	// alive before there is a picture to repeat.
	WaitHeader = "X-Wait: 1\r\n"
)

type partHeader int

const (
	contentType partHeader = iota
	contentLength
	timestamp
	repeat
)

// partHeaders are the names of the headers that mean something, by their number.
var partHeaders = [...][]byte{
	contentType:   []byte("Content-Type"),
	contentLength: []byte("Content-Length"),
	timestamp:     []byte("X-Timestamp"),
	repeat:        []byte("X-Repeat"),
}

// Packed is one picture, laid out once for all its viewers. It is immutable.
type Packed struct {
	// headers, JPEG, delimiter and the next part's headers: both forms on the wire are slices of it.
	run        []byte
	start, end int // of the JPEG
}

// ErrDelimiter says that a picture holds what ends a part. Firefox, which shows a stream as a document, ends the part there,
// whatever Content-Length says, and takes what follows for a part of its own: HTML, with scripts, if a camera likes.
var ErrDelimiter = errors.New("the picture holds the delimiter of a multipart stream, " + dashed)

// Pack lays out the JPEG that the pieces make up, taken at t. It copies them, once. Its only error is [ErrDelimiter].
func Pack(t time.Time, pieces ...[]byte) (Packed, error) {
	size := 0
	for _, piece := range pieces {
		size += len(piece)
	}
	head := appendHeaders(make([]byte, 0, 96), size, t)
	p := Packed{start: len(head), end: len(head) + size}
	p.run = make([]byte, 0, p.end+len(delimiter)+len(partType)+2)
	p.run = append(p.run, head...)
	for _, piece := range pieces {
		p.run = append(p.run, piece...)
	}
	p.run = append(p.run, delimiter+partType+"\r\n"...)
	if holdsDelimiter(p.JPEG()) {
		return Packed{}, ErrDelimiter
	}
	return p, nil
}

// holdsDelimiter reports whether a reader may take something within a picture for the end of its part. Firefox wants a line
// end behind it, other readers want less; but none takes it for the beginning of a longer word, as in comments that tell
// of a --framerate. By chance it stands in one picture of 10¹² that are 50 KB large.
func holdsDelimiter(jpeg []byte) bool {
	for {
		_, rest, found := bytes.Cut(jpeg, []byte(dashed))
		if !found {
			return false
		}
		if len(rest) == 0 || !isWord(rest[0]) {
			return true
		}
		jpeg = rest
	}
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

func appendHeaders(b []byte, size int, t time.Time) []byte {
	b = append(b, partType+"Content-Length: "...)
	b = strconv.AppendInt(b, int64(size), 10)
	b = append(b, "\r\nX-Timestamp: "...)
	b = AppendTimestamp(b, t)
	return append(b, "\r\n\r\n"...)
}

// JPEG is the picture. It must not be written to.
func (p *Packed) JPEG() []byte { return p.run[p.start:p.end:p.end] }

// Part is the picture as a part of a multipart stream: headers with Content-Length and X-Timestamp, the picture, and the
// delimiter that ends it, which is thus never late. It must not be written to. A stream of parts begins with [Start].
func (p *Packed) Part() []byte {
	end := p.end + len(delimiter)
	return p.run[:end:end]
}

// OpenPart is the picture for readers that show it only when the next part's headers are complete, as Chromium does: the
// picture into a part that is already open, the delimiter, and the next part's headers. It must not be written to. A
// stream of open parts begins with [OpenStart].
func (p *Packed) OpenPart() []byte { return p.run[p.start:] }

// Repeat is Part with a header, X-Repeat: 1, that says that viewers have had the picture already. It is a copy.
func (p *Packed) Repeat() []byte { return slices.Concat([]byte(repeated), p.Part()) }

// AppendTimestamp appends t as X-Timestamp says it: seconds since 1970, a point, six digits of microseconds.
func AppendTimestamp(b []byte, t time.Time) []byte {
	return fmt.Appendf(b, "%d.%06d", t.Unix(), t.Nanosecond()/1000)
}

// parseTimestamp reads seconds since 1970 with up to nine decimals. Anything else is the zero time.
func parseTimestamp(b []byte) time.Time {
	var seconds, nanos int64
	unit := int64(time.Second)
	dot := false
	for i, c := range b {
		switch {
		case c == '.' && !dot && i > 0:
			dot = true
		case c < '0' || c > '9' || i > 24:
			return time.Time{}
		case dot:
			unit /= 10
			nanos += unit * int64(c-'0')
		case seconds > 1e11:
			return time.Time{}
		default:
			seconds = 10*seconds + int64(c-'0')
		}
	}
	if seconds == 0 && nanos == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, nanos)
}
