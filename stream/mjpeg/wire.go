package mjpeg

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// boundary separates the parts of a stream (RFC 2046, section 5.1.1).
const boundary = "frame"

const (
	partType  = "Content-Type: image/jpeg\r\n"
	dashed    = "--" + boundary
	delimiter = "\r\n" + dashed + "\r\n"
	repeated  = "X-Repeat: 1\r\n"
	offline   = "X-Offline: 1\r\n"
)

const (
	// ContentType is the media type of a stream, with the boundary "frame".
	ContentType = "multipart/x-mixed-replace; boundary=" + boundary
	// Start begins a stream of parts, see [Packed.Part].
	Start = dashed + "\r\n"
	// OpenStart begins a stream of open parts, see [Packed.OpenPart].
	OpenStart = Start + partType + "\r\n"
	// WaitHeader is a header line that may be sent before any part, any number of times. It means nothing, and keeps a
	// connection alive while there is no picture to repeat.
	WaitHeader = "X-Wait: 1\r\n"
	// ChunkEnd ends a chunk of HTTP/1.1, see [Packed.Chunk].
	ChunkEnd = "\r\n"
)

type partHeader int

const (
	contentType partHeader = iota
	contentLength
	timestamp
	repeat
	standIn
)

// partHeaders are the names of the headers that are understood.
var partHeaders = [...][]byte{
	contentType:   []byte("Content-Type"),
	contentLength: []byte("Content-Length"),
	timestamp:     []byte("X-Timestamp"),
	repeat:        []byte("X-Repeat"),
	standIn:       []byte("X-Offline"),
}

// Packed is one picture, laid out once for all viewers. It is immutable, and its methods return parts of the same bytes,
// which must not be written to.
type Packed struct {
	// size of the chunk, headers, JPEG, delimiter, headers of the next part: all forms on the wire are slices of it
	run        []byte
	part       int // where the headers begin
	start, end int // of the JPEG
}

// ErrDelimiter is the error of a picture that holds the delimiter. Firefox, where it shows a stream as a document, ends the
// part there, whatever Content-Length says, and reads what follows as another part, even as HTML with scripts.
var ErrDelimiter = errors.New("the picture holds the delimiter of a multipart stream, " + dashed)

// Pack lays out the JPEG that the pieces make up, taken at t. It copies them. Its only error is [ErrDelimiter].
func Pack(t time.Time, pieces ...[]byte) (Packed, error) { return pack("", t, pieces) }

// PackOffline is Pack for what is shown while there is no picture. Its Part and Chunk have the header X-Offline: 1, by which
// [Reader] and other programs know that it is no picture of the camera's.
func PackOffline(t time.Time, jpeg []byte) (Packed, error) { return pack(offline, t, [][]byte{jpeg}) }

func pack(mark string, t time.Time, pieces [][]byte) (Packed, error) {
	size := 0
	for _, piece := range pieces {
		size += len(piece)
	}
	head := appendHeaders(append(make([]byte, 0, 112), mark...), size, t)
	chunk := strconv.AppendInt(make([]byte, 0, 16), int64(len(head)+size+len(delimiter)), 16)
	chunk = append(chunk, "\r\n"...)
	p := Packed{part: len(chunk)}
	p.start = p.part + len(head)
	p.end = p.start + size
	p.run = make([]byte, 0, p.end+len(delimiter)+len(partType)+2)
	p.run = append(append(p.run, chunk...), head...)
	for _, piece := range pieces {
		p.run = append(p.run, piece...)
	}
	p.run = append(p.run, delimiter+partType+"\r\n"...)
	if holdsDelimiter(p.JPEG()) {
		return Packed{}, ErrDelimiter
	}
	return p, nil
}

// holdsDelimiter reports whether a reader may mistake something in a picture for the end of its part. Firefox looks for a line
// end after it, other readers do not, but none mistakes the beginning of a longer word, such as --framerate in a comment.
// One in 10¹² pictures of 50 KB holds it by chance.
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

// JPEG is the picture.
func (p *Packed) JPEG() []byte { return p.run[p.start:p.end:p.end] }

// Part is the picture as a part of a stream: headers with Content-Length and X-Timestamp, the picture, and the delimiter
// that ends it, which thus never waits for the next picture.
func (p *Packed) Part() []byte {
	end := p.end + len(delimiter)
	return p.run[p.part:end:end]
}

// Chunk is Part as a chunk of HTTP/1.1 (RFC 9112, section 7.1), but for the [ChunkEnd] that must follow. A client that takes the
// coding for a part of the stream finds the chunk's size before the headers, and a blank line after the delimiter.
func (p *Packed) Chunk() []byte {
	end := p.end + len(delimiter)
	return p.run[:end:end]
}

// OpenPart is the picture for readers that show it only when the headers of the next part are complete, as Chromium does: the
// picture, whose headers were sent before, the delimiter, and the headers of the next part.
func (p *Packed) OpenPart() []byte { return p.run[p.start:] }

// Repeat is a copy of Part with the header X-Repeat: 1, for viewers that have had the picture already.
func (p *Packed) Repeat() []byte { return slices.Concat([]byte(repeated), p.Part()) }

// AppendTimestamp appends the value of X-Timestamp: seconds since 1970, a point and six digits of microseconds.
func AppendTimestamp(b []byte, t time.Time) []byte {
	return fmt.Appendf(b, "%d.%06d", t.Unix(), t.Nanosecond()/1000)
}

// parseTimestamp reads seconds since 1970 with up to nine decimals. Anything else becomes the zero time.
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
