package stream

import (
	"fmt"
	"strconv"
	"time"

	"mjpegazer/stream/jpeg"
)

// Boundary parts the pictures of a multipart stream (RFC 2046, 5.1.1). JPEG data cannot hold it behind a line end by
// accident often enough to matter, and readers that count on Content-Length never look.
const Boundary = "frame"

const (
	partType  = "Content-Type: image/jpeg\r\n"
	delimiter = "\r\n--" + Boundary + "\r\n"
)

// A Frame is one picture, immutable and shared by all who look at it. The collector frees it.
type Frame struct {
	Seq           uint64        // counts a Stream's frames from 1
	Time          time.Time     // when the picture was taken: what X-Timestamp says
	Arrived       time.Time     // when it was whole here
	Interval      time.Duration // since the frame before; 0 for the first of a run
	Width, Height int           // in pixels

	// headers, JPEG, delimiter and the next part's headers: both forms on the wire are slices of it.
	run        []byte
	start, end int // of the JPEG
}

// newFrame copies a picture once, between the headers that viewers need, and inserts the Huffman tables where it has none.
// Bytes after EOI stay behind.
func newFrame(p Picture, maxSize int, now time.Time) (*Frame, error) {
	info, end, err := jpeg.Inspect(p.JPEG)
	if err != nil {
		return nil, err
	}
	tables := info.Missing()
	size := end + len(tables)
	if size > maxSize {
		return nil, fmt.Errorf("a picture of %d bytes is larger than max-frame", size)
	}
	if p.Time.IsZero() {
		p.Time = now
	}
	f := &Frame{Time: p.Time, Arrived: now, Width: info.Width, Height: info.Height}
	head := partHeaders(size, p.Time)
	f.start, f.end = len(head), len(head)+size
	f.run = make([]byte, 0, f.end+len(delimiter)+len(partType)+2)
	f.run = append(f.run, head...)
	f.run = append(f.run, p.JPEG[:info.Scan]...)
	f.run = append(f.run, tables...)
	f.run = append(f.run, p.JPEG[info.Scan:end]...)
	f.run = append(f.run, delimiter+partType+"\r\n"...)
	return f, nil
}

func partHeaders(size int, t time.Time) []byte {
	b := make([]byte, 0, 96)
	b = append(b, partType+"Content-Length: "...)
	b = strconv.AppendInt(b, int64(size), 10)
	b = append(b, "\r\nX-Timestamp: "...)
	b = AppendTimestamp(b, t)
	return append(b, "\r\n\r\n"...)
}

// AppendTimestamp appends t as X-Timestamp says it: seconds since 1970, a point, six digits of microseconds.
func AppendTimestamp(b []byte, t time.Time) []byte {
	return fmt.Appendf(b, "%d.%06d", t.Unix(), t.Nanosecond()/1000)
}

// JPEG is the picture. It must not be written to.
func (f *Frame) JPEG() []byte { return f.run[f.start:f.end:f.end] }

// Part is the frame as a part of a multipart stream: headers, picture, and the delimiter that ends it, which is thus
// never late. It must not be written to.
func (f *Frame) Part() []byte {
	end := f.end + len(delimiter)
	return f.run[:end:end]
}

// OpenPart is the frame for readers that show a picture only when the next part's headers are complete, as Chromium
// does: the picture into a part that is already open, the delimiter, and the next part's headers. It must not be written
// to. A stream of open parts begins with [OpenPartHead].
func (f *Frame) OpenPart() []byte { return f.run[f.start:] }

// What a stream of parts, or of open parts, begins with.
const (
	PartHead     = "--" + Boundary + "\r\n"
	OpenPartHead = PartHead + partType + "\r\n"
)
