package stream

import (
	"time"

	"mjpegazer/stream/jpeg"
	"mjpegazer/stream/mjpeg"
)

// A Frame is one picture, immutable and shared by all viewers.
type Frame struct {
	Seq           uint64        // counts a Stream's frames from 1
	Time          time.Time     // when the picture was taken: what X-Timestamp says
	Arrived       time.Time     // when all of it had arrived
	Interval      time.Duration // since the frame before; 0 for the first of a run
	Width, Height int           // in pixels
	Via           mjpeg.Via     // the programs that it has come by, the nearest first

	wire mjpeg.Packed
}

// newFrame copies a picture once, between the headers that viewers need, without the bytes after EOI, and inserts Huffman tables
// where it has none.
func newFrame(p Picture, b *bounds, now time.Time) (*Frame, error) {
	if err := b.rate(now); err != nil {
		return nil, err
	}
	info, end, err := jpeg.Inspect(p.JPEG)
	if err != nil {
		return nil, err
	}
	tables := info.Missing()
	if err := b.size(info, end+len(tables)); err != nil {
		return nil, err
	}
	collect(end)
	f := &Frame{Time: captured(p.Time, now), Arrived: now, Width: info.Width, Height: info.Height, Via: p.Via}
	if f.wire, err = mjpeg.Pack(f.Time, p.JPEG[:info.Scan], []byte(tables), p.JPEG[info.Scan:end]); err != nil {
		return nil, err
	}
	return f, nil
}

// Offline returns a frame that no Stream has: what viewers are shown while there is no picture. It is marked as such for programs,
// see [mjpeg.PackOffline]. Its errors are those of a JPEG that cannot be read, and [mjpeg.ErrDelimiter].
func (p Picture) Offline() (*Frame, error) {
	info, end, err := jpeg.Inspect(p.JPEG)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	f := &Frame{Time: captured(p.Time, now), Arrived: now, Width: info.Width, Height: info.Height}
	f.wire, err = mjpeg.PackOffline(f.Time, p.JPEG[:end])
	return f, err
}

// JPEG returns the picture, which must not be changed.
func (f *Frame) JPEG() []byte { return f.wire.JPEG() }

// Part returns the frame as a part of a multipart stream, see [mjpeg.Packed.Part]. It must not be changed.
func (f *Frame) Part() []byte { return f.wire.Part() }

// Chunk returns the frame as a chunk of HTTP/1.1 without its end, see [mjpeg.Packed.Chunk]. It must not be changed.
func (f *Frame) Chunk() []byte { return f.wire.Chunk() }

// OpenPart returns the frame for browsers, see [mjpeg.Packed.OpenPart]. It must not be changed.
func (f *Frame) OpenPart() []byte { return f.wire.OpenPart() }

// Repeat returns a copy of the frame that says that it was sent before, see [mjpeg.Packed.Repeat].
func (f *Frame) Repeat() []byte { return f.wire.Repeat() }
