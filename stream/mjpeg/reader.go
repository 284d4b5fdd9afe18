package mjpeg

import (
	"io"
	"runtime/debug"
	"strings"
	"time"

	"mjpegazer/stream/jpeg"
)

// DefaultMaxFrame is how large a picture may be, in bytes, where nothing else is said: 32 MiB.
const DefaultMaxFrame = 32 << 20

const (
	minBuffer   = 256 << 10
	largeBuffer = 4 << 20
	shrinkTime  = 64 // pictures after which the buffer is measured anew
)

// A Reader finds whole JPEGs in any stream of bytes: multipart, one behind the other, with rubbish between. It walks through
// each from SOI to EOI, so that a picture is there the moment its last byte is; boundaries and lengths are never
// trusted, and part headers only tell of what is in a part. It is for one goroutine.
type Reader struct {
	src      io.Reader
	maxFrame int

	buf  []byte // buf[r:w] is read and not yet used
	r, w int
	err  error // of src; no more is read

	inside  bool // a picture begins at r
	walk    jpeg.Walk
	walked  int // bytes of the picture that the walk has passed, from r on
	dropped int // bytes of the picture before r: it is over maxFrame

	framing framing
	damaged int
	largest int // picture since the buffer was last measured
	count   int // of pictures since then
}

// A Part is one picture of a stream.
type Part struct {
	// JPEG is the picture, valid until the next call of Next.
	JPEG []byte
	// Time is what an X-Timestamp header said, or zero.
	Time time.Time
	// Repeat is true where X-Repeat said that this is the picture before once more.
	Repeat bool
	// Damaged is how many pictures were cut, broken or too large since the last call.
	Damaged int
}

// NewReader reads from src pictures of up to maxFrame bytes; 0 means [DefaultMaxFrame]. It never holds more than one
// picture and 256 KB.
func NewReader(src io.Reader, maxFrame int) *Reader {
	if maxFrame <= 0 {
		maxFrame = DefaultMaxFrame
	}
	return &Reader{src: src, maxFrame: maxFrame}
}

// Next returns the next whole picture. When src has failed or ended and no whole picture is left, it returns src's error
// (io.EOF at the end) and how many were damaged.
func (r *Reader) Next() (Part, error) {
	if r.walked > 0 && !r.inside {
		if next := r.r + r.walked; next < r.w && r.buf[next] == 0 {
			r.framing.quirks |= quirkBehind
		}
		r.advance(r.walked) // over the picture that was returned last
	}
	for {
		if r.whole() {
			return r.part(), nil
		}
		switch {
		case r.err == nil:
			r.fill()
		case r.inside:
			r.abandon()
		default:
			part := Part{Damaged: r.damaged}
			r.damaged = 0
			return part, r.err
		}
	}
}

// InPicture reports whether the last bytes read are the beginning of a picture.
func (r *Reader) InPicture() bool { return r.inside }

// Reset makes r read from src from now on, as if new. The buffer is kept.
func (r *Reader) Reset(src io.Reader) { *r = Reader{src: src, maxFrame: r.maxFrame, buf: r.buf} }

// Release lets go of the buffer, which the next call of Next makes again. Memory of a large one is given back to the system
// at once: the next run may need as much.
func (r *Reader) Release() {
	large := len(r.buf) > largeBuffer
	r.buf = nil
	if large {
		debug.FreeOSMemory()
	}
}

// Skipped returns the media types of the parts that were passed over because they hold no picture, each once.
func (r *Reader) Skipped() []string { return r.framing.skipped }

// Quirks returns what the stream does unlike the standard, for people to read, as far as was seen.
func (r *Reader) Quirks() []string {
	var all []string
	for bit := quirk(1); bit != 0; bit <<= 1 {
		if r.framing.quirks&bit != 0 {
			all = append(all, quirkNames[bit])
		}
	}
	if len(r.framing.skipped) > 0 {
		all = append(all, "other parts between pictures: "+strings.Join(r.framing.skipped, ", "))
	}
	return all
}

// whole reports whether a whole picture lies at r, walked bytes long; if not, more must be read.
func (r *Reader) whole() bool {
	for {
		if !r.inside {
			n, found := r.framing.scan(r.buf[r.r:r.w])
			r.r += n
			if !found {
				return false
			}
			r.inside, r.walk = true, jpeg.Walk{}
		}
		n, err := r.walk.Next(r.buf[r.r+r.walked : r.w])
		r.walked += n
		switch {
		case r.walked > r.maxFrame || r.dropped > 0:
			r.drop(err)
		case err == io.EOF:
			return true
		case err != nil:
			r.abandon()
		}
		if err == nil {
			return false
		}
	}
}

// drop lets go of a picture that is too large while the walk goes on through it, err being what the walk said last.
func (r *Reader) drop(err error) {
	switch err {
	case io.EOF:
		r.damaged++
		r.advance(r.walked)
	case nil:
		// The first byte of a marker must stay: another picture may begin with it.
		n := max(r.walked-1, 0)
		r.r += n
		r.walked -= n
		r.dropped += n
	default:
		r.abandon()
	}
}

// part hands out the picture at r.
func (r *Reader) part() Part {
	part := Part{JPEG: r.buf[r.r : r.r+r.walked : r.r+r.walked], Damaged: r.damaged, Time: r.framing.time, Repeat: r.framing.repeat}
	r.framing.notePicture(r.walked)
	r.inside, r.damaged = false, 0
	r.count++
	r.largest = max(r.largest, r.walked)
	return part
}

// abandon gives up the picture that is being walked through. Only one that had a frame header is said to be damaged: FF
// D8 FF comes up in rubbish as well.
func (r *Reader) abandon() {
	if r.walk.Width > 0 || r.dropped > 0 {
		r.damaged++
	}
	r.advance(max(r.walk.Resume()-r.dropped, 0))
	r.framing.torn = true
}

// advance goes on behind the next n bytes, between pictures.
func (r *Reader) advance(n int) {
	r.r += n
	r.inside, r.walked, r.dropped = false, 0, 0
	r.framing.begin()
}

// fill reads once, making room before if need be.
func (r *Reader) fill() {
	r.makeRoom()
	for range 100 {
		n, err := r.src.Read(r.buf[r.w:])
		r.w += n
		r.err = err
		if n > 0 || err != nil {
			return
		}
	}
	r.err = io.ErrNoProgress
}

// makeRoom leaves buf with room behind w. It grows for a large picture, never beyond what may be stored, and shrinks again
// some pictures after the last large one.
func (r *Reader) makeRoom() {
	size := len(r.buf)
	if r.count >= shrinkTime {
		if size > minBuffer && r.largest < size/4 && r.w-r.r < size/4 {
			size = max(minBuffer, size/4)
		}
		r.count, r.largest = 0, 0
	}
	switch {
	case size == 0:
		size = minBuffer
	case r.w-r.r == size && size < largeBuffer:
		size = max(minBuffer, min(2*size, r.maxFrame+minBuffer))
	case r.w-r.r == size:
		// As large as it may become: memory that is not written to costs nothing, and buffers left behind would.
		size = r.maxFrame + minBuffer
	}
	if size != len(r.buf) {
		buf := make([]byte, size)
		r.w = copy(buf, r.buf[r.r:r.w])
		r.buf, r.r = buf, 0
	} else if r.r > 0 && size-r.w < size/2 || r.r == r.w {
		r.w = copy(r.buf, r.buf[r.r:r.w])
		r.r = 0
	}
}
