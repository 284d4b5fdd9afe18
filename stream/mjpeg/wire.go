package mjpeg

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// boundary separates the pictures of a multipart stream (RFC 2046, 5.1.1). JPEG data cannot hold it behind a line end by
// accident often enough to matter, and readers that count on Content-Length never look.
const boundary = "frame"

const (
	partType  = "Content-Type: image/jpeg\r\n"
	delimiter = "\r\n--" + boundary + "\r\n"
	repeated  = "X-Repeat: 1\r\n"
)

const (
	// ContentType is the media type of a stream of parts, whose boundary is "frame".
	ContentType = "multipart/x-mixed-replace; boundary=" + boundary
	// Start is what a stream of parts begins with, see [Packed.Part].
	Start = "--" + boundary + "\r\n"
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

// Pack lays out the JPEG that the pieces make up, taken at t. It copies them, once.
func Pack(t time.Time, pieces ...[]byte) Packed {
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
	return p
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
