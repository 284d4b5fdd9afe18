package source

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxLine    = 4 << 10 // bytes of a line between pictures; what is longer is no header
	maxSkipped = 8       // media types remembered
	maxType    = 64      // bytes of each
)

var soi = []byte{0xFF, 0xD8, 0xFF} // SOI and the first byte of the marker that must follow

// A gap is what stands between two pictures: delimiters, part headers, parts of other kinds, rubbish. It is read line by
// line, and no line must be there.
type gap struct {
	time    time.Time
	repeat  bool
	skip    bool // the part holds something else than a picture
	skipped []string
	length  int // that the headers give; 0: none
	odd     oddity
	torn    bool // a picture was given up, and may have swallowed headers

	place   gapPlace
	fresh   bool // nothing has come since the blank line that ended the headers
	midline bool // what comes next continues a line whose beginning is gone
}

// An oddity is something unlike the standard.
type oddity uint8

const (
	oddNoHeaders oddity = 1 << iota
	oddBefore
	oddBehind
	oddLength
)

// oddNames are for people to read.
var oddNames = map[oddity]string{
	oddNoHeaders: "pictures without part headers",
	oddBefore:    "rubbish before pictures",
	oddBehind:    "padding behind pictures",
	oddLength:    "false lengths of parts",
}

type gapPlace uint8

const (
	beforeHeaders gapPlace = iota
	inHeaders
	inBody
)

// begin makes g stand behind a picture, or before another part's headers.
func (g *gap) begin() { *g = gap{skipped: g.skipped, odd: g.odd} }

// note notes what is odd about a picture of size bytes behind the gap.
func (g *gap) note(size int) {
	switch {
	case g.torn:
	case g.place == beforeHeaders:
		g.odd |= oddNoHeaders
	case !g.fresh:
		g.odd |= oddBefore
	}
	if g.length != 0 && g.length != size {
		g.odd |= oddLength
	}
}

// scan reads b, the bytes from the first not yet used on, and returns how many it has used up and whether a picture
// begins behind them.
func (g *gap) scan(b []byte) (n int, found bool) {
	for {
		at := bytes.Index(b[n:], soi)
		if at < 0 {
			n += g.lines(b[n:])
			// A line that never ends is let go of, but for what may be the first bytes of a SOI.
			if rest := len(b) - n; rest > maxLine {
				n += rest - (len(soi) - 1)
				g.cut()
			}
			return n, false
		}
		if g.lines(b[n:n+at]) < at {
			g.fresh = false
		}
		if !g.skip || g.fresh {
			return n + at, true
		}
		n += at + 1
		g.cut()
	}
}

// cut says that the line's beginning is gone.
func (g *gap) cut() { g.midline, g.fresh = true, false }

// lines reads the whole lines of b and returns their length.
func (g *gap) lines(b []byte) (n int) {
	for {
		end := bytes.IndexByte(b[n:], '\n')
		if end < 0 {
			return n
		}
		if !g.midline && end <= maxLine {
			g.line(bytes.Trim(b[n:n+end], " \t\r"))
		}
		g.midline = false
		n += end + 1
	}
}

// line takes one line. Lines of binary data come here as well; what they could pass for is put right by the next header.
func (g *gap) line(line []byte) {
	if len(line) == 0 {
		if g.place == inHeaders {
			g.place, g.fresh = inBody, true
		}
		return
	}
	g.fresh = false
	delimiter := bytes.HasPrefix(line, []byte("--"))
	if delimiter {
		g.begin()
		g.place = inHeaders
	}
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return
	}
	name = bytes.TrimRight(name, " \t")
	for i, header := range partHeaders {
		// Some cameras forget the line's end between delimiter and header.
		if len(name) == len(header) || delimiter && len(name) > len(header) {
			if bytes.EqualFold(name[len(name)-len(header):], header) {
				g.header(partHeader(i), bytes.TrimLeft(value, " \t"))
			}
		}
	}
}

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

// header takes one part header.
func (g *gap) header(name partHeader, value []byte) {
	if g.place == inBody { // of a part whose delimiter, if any, was not known for one
		g.begin()
	}
	g.place = inHeaders
	switch name {
	case contentLength:
		if n, err := strconv.Atoi(string(value)); err == nil {
			g.length = n
		} else {
			g.odd |= oddLength
		}
	case contentType:
		g.skip = holdsNoPicture(value)
		if g.skip {
			g.remember(value)
		}
	case timestamp:
		g.time = parseSeconds(value)
	case repeat:
		g.repeat = bytes.Equal(value, []byte("1"))
	}
}

// remember keeps the media type of a skipped part.
func (g *gap) remember(value []byte) {
	value, _, _ = bytes.Cut(value, []byte(";"))
	value = bytes.TrimRight(value[:min(len(value), maxType)], " \t")
	known := func(s string) bool { return s == string(value) }
	if len(g.skipped) < maxSkipped && !slices.ContainsFunc(g.skipped, known) {
		g.skipped = append(g.skipped, printable(string(value)))
	}
}

// holdsNoPicture reports whether a part of this media type is not to be searched for pictures.
func holdsNoPicture(mediaType []byte) bool {
	slash := bytes.IndexByte(mediaType, '/')
	if slash < 0 || containsFold(mediaType, "jpeg") || containsFold(mediaType, "jpg") {
		return false
	}
	switch kind := mediaType[:slash]; {
	case bytes.EqualFold(kind, []byte("audio")), bytes.EqualFold(kind, []byte("text")), bytes.EqualFold(kind, []byte("video")):
		return true
	}
	return containsFold(mediaType, "json") || containsFold(mediaType, "xml")
}

// containsFold reports whether b contains s, which is in lower case, in any case of letters.
func containsFold(b []byte, s string) bool {
	for i := 0; i+len(s) <= len(b); i++ {
		if bytes.EqualFold(b[i:i+len(s)], []byte(s)) {
			return true
		}
	}
	return false
}

// parseSeconds reads seconds since 1970 with up to nine decimals. Anything else is the zero time.
func parseSeconds(b []byte) time.Time {
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

// printable makes what a camera sent fit to be shown.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F || r == '\uFFFD' {
			return -1
		}
		return r
	}, s)
}
