package source

import (
	"io"
	"runtime/debug"
	"strings"
	"time"

	"mjpegazer/stream/jpeg"
)

// DefaultMaxFrame is how large, in bytes, a picture may be where nothing else is said.
const DefaultMaxFrame = 32 << 20

const (
	minBuffer   = 256 << 10
	largeBuffer = 4 << 20
	shrinkTime  = 64 // pictures after which the buffer is measured anew
)

// Parts finds whole JPEGs in any stream of bytes: multipart, one behind the other, with rubbish between. It walks through
// each from SOI to EOI, so that a picture is there the moment its last byte is; boundaries and lengths are never
// trusted, and part headers only tell of what is in a part. It is for one goroutine.
type Parts struct {
	src      io.Reader
	maxFrame int

	buf  []byte // buf[r:w] is read and not yet used
	r, w int
	err  error // of src; no more is read

	inside  bool // a picture begins at r
	walk    jpeg.Walk
	walked  int // bytes of the picture that the walk has passed, from r on
	dropped int // bytes of the picture before r: it is over maxFrame

	gap     gap
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

// NewParts reads from src pictures of up to maxFrame bytes; 0 means [DefaultMaxFrame]. It never holds more than one
// picture and 256 KB.
func NewParts(src io.Reader, maxFrame int) *Parts {
	if maxFrame <= 0 {
		maxFrame = DefaultMaxFrame
	}
	return &Parts{src: src, maxFrame: maxFrame}
}

// Next returns the next whole picture. When src has failed or ended and no whole picture is left, it returns src's error
// (io.EOF at the end) and how many were damaged.
func (p *Parts) Next() (Part, error) {
	if p.walked > 0 && !p.inside {
		if next := p.r + p.walked; next < p.w && p.buf[next] == 0 {
			p.gap.odd |= oddBehind
		}
		p.advance(p.walked) // over the picture that was returned last
	}
	for {
		if p.find() {
			return p.take(), nil
		}
		switch {
		case p.err == nil:
			p.fill()
		case p.inside:
			p.abandon()
		default:
			part := Part{Damaged: p.damaged}
			p.damaged = 0
			return part, p.err
		}
	}
}

// Reset makes p read from src from now on, as if new. The buffer is kept.
func (p *Parts) Reset(src io.Reader) { *p = Parts{src: src, maxFrame: p.maxFrame, buf: p.buf} }

// release lets go of the buffer. A large one is given back to the system at once: the next run may need another.
func (p *Parts) release() {
	large := len(p.buf) > largeBuffer
	p.buf = nil
	if large {
		debug.FreeOSMemory()
	}
}

// Skipped returns the media types of the parts that were passed over because they hold no picture, each once.
func (p *Parts) Skipped() []string { return p.gap.skipped }

// Oddities returns what the stream does unlike the standard, for people to read, as far as was seen.
func (p *Parts) Oddities() []string {
	var all []string
	for bit := oddity(1); bit != 0; bit <<= 1 {
		if p.gap.odd&bit != 0 {
			all = append(all, oddNames[bit])
		}
	}
	if len(p.gap.skipped) > 0 {
		all = append(all, "other parts between pictures: "+strings.Join(p.gap.skipped, ", "))
	}
	return all
}

// find reports whether a whole picture lies at r, walked bytes long; if not, more must be read.
func (p *Parts) find() bool {
	for {
		if !p.inside {
			n, found := p.gap.scan(p.buf[p.r:p.w])
			p.r += n
			if !found {
				return false
			}
			p.inside, p.walk = true, jpeg.Walk{}
		}
		n, err := p.walk.Next(p.buf[p.r+p.walked : p.w])
		p.walked += n
		switch {
		case p.walked > p.maxFrame || p.dropped > 0:
			p.drop(err)
		case err == io.EOF:
			return true
		case err != nil:
			p.abandon()
		}
		if err == nil {
			return false
		}
	}
}

// drop lets go of a picture that is too large while the walk goes on through it, err being what the walk said last.
func (p *Parts) drop(err error) {
	switch err {
	case io.EOF:
		p.damaged++
		p.advance(p.walked)
	case nil:
		// The first byte of a marker must stay: another picture may begin with it.
		n := max(p.walked-1, 0)
		p.r += n
		p.walked -= n
		p.dropped += n
	default:
		p.abandon()
	}
}

// take hands out the picture at r.
func (p *Parts) take() Part {
	part := Part{JPEG: p.buf[p.r : p.r+p.walked : p.r+p.walked], Damaged: p.damaged, Time: p.gap.time, Repeat: p.gap.repeat}
	p.gap.note(p.walked)
	p.inside, p.damaged = false, 0
	p.count++
	p.largest = max(p.largest, p.walked)
	return part
}

// abandon gives up the picture that is being walked through. Only one that had a frame header is said to be damaged: FF
// D8 FF comes up in rubbish as well.
func (p *Parts) abandon() {
	if p.walk.Width > 0 || p.dropped > 0 {
		p.damaged++
	}
	p.advance(max(p.walk.Resume()-p.dropped, 0))
	p.gap.torn = true
}

// advance goes on behind the next n bytes, between pictures.
func (p *Parts) advance(n int) {
	p.r += n
	p.inside, p.walked, p.dropped = false, 0, 0
	p.gap.begin()
}

// fill reads once, making room before if need be.
func (p *Parts) fill() {
	p.makeRoom()
	for range 100 {
		n, err := p.src.Read(p.buf[p.w:])
		p.w += n
		p.err = err
		if n > 0 || err != nil {
			return
		}
	}
	p.err = io.ErrNoProgress
}

// makeRoom leaves buf with room behind w. It grows for a large picture, never beyond what may be stored, and shrinks again
// some pictures after the last large one.
func (p *Parts) makeRoom() {
	size := len(p.buf)
	if p.count >= shrinkTime {
		if size > minBuffer && p.largest < size/4 && p.w-p.r < size/4 {
			size = max(minBuffer, size/4)
		}
		p.count, p.largest = 0, 0
	}
	switch {
	case size == 0:
		size = minBuffer
	case p.w-p.r == size && size < largeBuffer:
		size = max(minBuffer, min(2*size, p.maxFrame+minBuffer))
	case p.w-p.r == size:
		// As large as it may become: memory that is not written to costs nothing, and buffers left behind would.
		size = p.maxFrame + minBuffer
	}
	if size != len(p.buf) {
		buf := make([]byte, size)
		p.w = copy(buf, p.buf[p.r:p.w])
		p.buf, p.r = buf, 0
	} else if p.r > 0 && size-p.w < size/2 || p.r == p.w {
		p.w = copy(p.buf, p.buf[p.r:p.w])
		p.r = 0
	}
}
