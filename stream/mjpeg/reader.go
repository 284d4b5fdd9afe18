package mjpeg

import (
	"bytes"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"mjpegazer/stream/jpeg"
)

// DefaultMaxFrame is how large a picture may be by default, in bytes: 32 MiB.
const DefaultMaxFrame = 32 << 20

const (
	minBuffer   = 256 << 10
	largeBuffer = 4 << 20
	shrinkTime  = 64 // pictures after which the buffer may shrink
)

// A Reader finds complete JPEGs in any stream of bytes: multipart, one picture after another, garbage between them. It follows
// each picture from SOI to EOI and returns it with its last byte, without waiting for a boundary. It trusts no boundary and
// no length; the headers of a part only say what the part holds. It is for one goroutine.
type Reader struct {
	src      io.Reader
	maxFrame int

	buf  []byte // buf[r:w] is read and not yet used
	r, w int
	err  error // of src; no more is read

	inside  bool // a picture begins at r
	walk    jpeg.Walk
	walked  int // bytes of the picture that the walk has passed, from r on
	dropped int // bytes of the picture before r, where it is larger than maxFrame

	framing framing
	lead    lead
	total   int64 // bytes of src read
	body    bool  // src is one part
	singles int   // parts that had one picture
	several bool  // parts have several pictures, all of which are meant
	ending  ending
	mended  []byte // a picture that was given its EOI, before it is returned; else nil
	damaged int
	largest int // picture since the buffer could last shrink
	count   int // pictures since then
}

// A Part is one picture of a stream.
type Part struct {
	// JPEG is the picture, valid until the next call of Next.
	JPEG []byte
	// Time is that of the header X-Timestamp, or zero.
	Time time.Time
	// Repeat is true where the header X-Repeat says that this is the picture before once more.
	Repeat bool
	// Damaged is the number of pictures since the last call that were cut, broken or too large.
	Damaged int
}

// NewReader returns a Reader of pictures of up to maxFrame bytes; 0 means [DefaultMaxFrame]. It holds at most one picture and
// 256 KB.
func NewReader(src io.Reader, maxFrame int) *Reader {
	if maxFrame <= 0 {
		maxFrame = DefaultMaxFrame
	}
	r := &Reader{maxFrame: maxFrame}
	r.Reset(src)
	return r
}

// Next returns the next complete picture. When src has failed and no complete picture is left, it returns the error of src,
// which is io.EOF at its end, and a Part with nothing but Damaged.
func (r *Reader) Next() (Part, error) {
	if r.walked > 0 && !r.inside {
		if next := r.r + r.walked; next < r.w && r.buf[next] == 0 {
			r.framing.quirks |= quirkBehind
		}
		r.behind()
	}
	for {
		whole := r.whole()
		switch {
		case whole && r.extra():
			r.pass()
		case whole:
			return r.part(), nil
		case r.mended != nil:
			return r.mendedPart(), nil
		case r.err == nil:
			r.fill()
		case r.inside:
			r.abandon(r.walked, r.err == io.EOF)
		default:
			part := Part{Damaged: r.damaged}
			r.damaged = 0
			return part, r.err
		}
	}
}

// InPicture reports whether the last bytes read are part of a picture that is not complete.
func (r *Reader) InPicture() bool { return r.inside }

// Reset makes r read from src, as if it were new. It keeps the buffer.
func (r *Reader) Reset(src io.Reader) {
	*r = Reader{
		src: src, maxFrame: r.maxFrame, buf: r.buf,
		lead: lead{start: -1}, framing: framing{begins: true, adjacent: true}, ending: ending{decoder: r.ending.decoder},
	}
}

// ResetBody makes r read from src, which is one part: the body of a response, or a file, that holds one picture. Length is its
// length in bytes; 0 means that it is not known. Unlike Reset it remembers whether the camera ends its pictures.
func (r *Reader) ResetBody(src io.Reader, length int) {
	ending := r.ending
	r.Reset(src)
	r.body, r.ending = true, ending
	r.framing.position, r.framing.fresh, r.framing.length = inBody, true, length
}

// Release frees the buffer; Next would allocate another one. The memory of a large one is returned to the operating system at
// once.
func (r *Reader) Release() {
	large := len(r.buf) > largeBuffer
	r.buf = nil
	if large {
		debug.FreeOSMemory()
	}
}

// Kind names what src holds instead of JPEGs, such as "PNG" or "H.264", as far as its first bytes and those of its parts tell; or
// is "".
func (r *Reader) Kind() string { return r.framing.kind }

// Skipped returns the media types, up to eight, of parts that were skipped because they hold no picture.
func (r *Reader) Skipped() []string { return r.framing.skipped }

// Quirks returns how the stream departs from the standard so far, for people to read.
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

// whole reports whether there is a complete picture at r, walked bytes long; if not, more must be read.
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
			r.abandon(r.walk.Resume(), false)
		case r.ending.known():
			r.mend(r.walked, false)
		}
		if err == nil || r.mended != nil {
			return false
		}
	}
}

// drop forgets the bytes of a picture that is too large, while the walk goes on through it; err is that of the walk.
func (r *Reader) drop(err error) {
	switch err {
	case io.EOF:
		r.damaged++
		r.advance(r.walked)
	case nil:
		// Keep the first byte of a marker: another picture may begin with it.
		n := max(r.walked-1, 0)
		r.r += n
		r.walked -= n
		r.dropped += n
	default:
		r.abandon(0, false)
	}
}

// part returns the picture at r.
func (r *Reader) part() Part {
	part := Part{JPEG: r.picture(), Damaged: r.damaged, Time: r.framing.time, Repeat: r.framing.repeat}
	r.framing.notePicture(r.walked)
	r.follow()
	r.inside, r.damaged = false, 0
	r.ending.seen, r.ending.open = true, 0
	r.count++
	r.largest = max(r.largest, r.walked)
	return part
}

// abandon gives up the picture at r, which had at most size bytes; ended is true where src has come to its end. It counts as
// damaged only if it had a frame header or is where a part begins, for FF D8 FF may be garbage; and not in a part whose picture has
// come.
func (r *Reader) abandon(size int, ended bool) {
	if r.mend(size, ended) {
		return
	}
	begun := r.framing.fresh && r.framing.position == inBody && bytes.HasPrefix(r.buf[r.r:r.w], soi)
	if (r.walk.Width > 0 || r.dropped > 0 || begun) && !r.padding() {
		r.damaged++
	}
	n := max(r.walk.Resume()-r.dropped, 0)
	boundary := r.framing.boundary
	lost := r.dropped > 0 || boundary == nil || bytes.Contains(r.buf[r.r:r.r+n], boundary)
	r.advance(n)
	r.framing.torn, r.framing.lost = true, lost
}

// behind continues behind the whole picture at r.
func (r *Reader) behind() {
	r.advance(r.walked)
	r.framing.adjacent = true
}

// advance continues after the next n bytes, between pictures.
func (r *Reader) advance(n int) {
	r.r += n
	r.inside, r.walked, r.dropped = false, 0, 0
	r.framing.begin()
}

// fill reads once, after making room where necessary.
func (r *Reader) fill() {
	r.makeRoom()
	for range 100 {
		n, err := r.src.Read(r.buf[r.w:])
		r.w += n
		r.total += int64(n)
		r.err = err
		if n > 0 || err != nil {
			return
		}
	}
	r.err = io.ErrNoProgress
}

// makeRoom makes room after w. The buffer grows for a large picture, up to maxFrame and 256 KB, and shrinks some pictures
// after the last large one.
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
		// Its largest size at once: memory that is not written to costs nothing, and outgrown buffers would.
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
