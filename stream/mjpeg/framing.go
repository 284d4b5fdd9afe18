package mjpeg

import (
	"bytes"
	"slices"
	"strconv"
	"time"
)

const (
	maxLine    = 4 << 10 // bytes of a header line; longer ones are none
	maxSkipped = 8       // media types that are remembered
	maxType    = 64      // bytes of each

	maxBoundary = 74 // bytes of a delimiter line (RFC 2046, 5.1.1)
)

var (
	soi    = []byte{0xFF, 0xD8, 0xFF} // SOI and the first byte of the marker that must follow
	dashes = []byte("--")             // that a delimiter begins with
)

// framing is what comes between two pictures: delimiters, part headers, parts of other kinds, garbage. It is read line by
// line, and no line is required.
type framing struct {
	time     time.Time
	repeat   bool
	skip     bool // the part holds no picture
	standIn  bool // it holds what another program shows while it has no picture
	skipped  []string
	kind     string // of what is no JPEG; "": not known
	length   int    // from the headers; 0: none
	boundary []byte // the last delimiter line, nil: none was seen
	quirks   quirk
	torn     bool // follows a picture that was abandoned, which may have swallowed headers
	lost     bool // it has swallowed a delimiter, as far as is known

	position position
	fresh    bool // nothing has come since the blank line after the headers
	adjacent bool // nothing has come since the beginning, or since a picture, but line ends
	begins   bool // the next bytes are the first of a body
	midline  bool // the next bytes continue a line whose beginning was dropped
}

// A quirk is a departure from the standard.
type quirk uint8

const (
	quirkNoHeaders quirk = 1 << iota
	quirkBefore
	quirkBehind
	quirkLength
	quirkUnended
)

// quirkNames are for people to read.
var quirkNames = map[quirk]string{
	quirkNoHeaders: "pictures without part headers",
	quirkBefore:    "garbage before pictures",
	quirkBehind:    "padding after pictures",
	quirkLength:    "wrong lengths of parts",
	quirkUnended:   "pictures without an end",
}

type position uint8

const (
	beforeHeaders position = iota
	inHeaders
	inBody
)

// begin starts again after a picture, or before the headers of another part.
func (f *framing) begin() {
	*f = framing{skipped: f.skipped, quirks: f.quirks, boundary: f.boundary, kind: f.kind}
}

// notePicture notes the quirks of a picture of size bytes that follows the framing.
func (f *framing) notePicture(size int) {
	switch {
	case f.torn:
	case f.position == beforeHeaders:
		f.quirks |= quirkNoHeaders
	case !f.fresh:
		f.quirks |= quirkBefore
	}
	if f.length != 0 && (f.length < size || f.length > size+len("\r\n")) { // some count the line end
		f.quirks |= quirkLength
	}
}

// scan reads b, the bytes that follow those used before, and returns how many it has used, and whether a picture begins after
// them.
func (f *framing) scan(b []byte) (n int, found bool) {
	for {
		f.look(b[n:])
		if f.opens(b[n:]) {
			return n, true
		}
		at := bytes.Index(b[n:], soi)
		if at < 0 {
			n += f.lines(b[n:])
			if f.opens(b[n:]) {
				return n, true
			}
			// A line without end is dropped, except for what may be the first bytes of a SOI.
			if rest := len(b) - n; rest > maxLine {
				n += rest - (len(soi) - 1)
				f.cut()
			}
			return n, false
		}
		read := f.lines(b[n : n+at])
		if f.opens(b[n+read:]) {
			return n + read, true
		}
		if read < at {
			f.fresh, f.adjacent = false, false
		}
		if !f.standIn && (!f.skip || f.fresh) {
			return n + at, true
		}
		n += at + 1
		f.cut()
	}
}

// cut notes that the beginning of the line was dropped.
func (f *framing) cut() { f.midline, f.fresh, f.adjacent = true, false, false }

// lines reads the complete lines of b and returns their length.
func (f *framing) lines(b []byte) (n int) {
	for {
		end := bytes.IndexByte(b[n:], '\n')
		if end < 0 {
			return n
		}
		if !f.midline && end <= maxLine {
			f.line(bytes.Trim(b[n:n+end], " \t\r"))
		}
		f.midline = false
		n += end + 1
		f.look(b[n:])
		if f.opens(b[n:]) {
			return n
		}
	}
}

// look names what a body begins with, once enough of it is there.
func (f *framing) look(b []byte) {
	if !f.begins || len(b) < kindSize {
		return
	}
	f.begins = false
	if !f.skip && f.kind == "" {
		f.kind = kindOf(b)
	}
}

// opens reports whether b, right after the headers or another picture, begins with a SOI that is followed by garbage. Anywhere else
// that would be garbage itself.
func (f *framing) opens(b []byte) bool {
	if len(b) < 3 || b[0] != soi[0] || b[1] != soi[1] || b[2] == soi[2] || f.skip || f.standIn {
		return false
	}
	return f.adjacent || f.fresh && f.position == inBody
}

// line reads one line. It may be binary data, and mistaken for something else until the next headers.
func (f *framing) line(line []byte) {
	if len(line) == 0 {
		if f.position == inHeaders {
			f.position, f.fresh, f.begins = inBody, true, true
		}
		return
	}
	f.fresh, f.adjacent = false, false
	delimiter := bytes.HasPrefix(line, dashes)
	if delimiter {
		f.begin()
		f.position = inHeaders
		f.noteBoundary(line)
	}
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return
	}
	name = bytes.TrimRight(name, " \t")
	for i, header := range partHeaders {
		// Some cameras leave out the line end between delimiter and header.
		if len(name) == len(header) || delimiter && len(name) > len(header) {
			if bytes.EqualFold(name[len(name)-len(header):], header) {
				f.header(partHeader(i), bytes.TrimLeft(value, " \t"))
			}
		}
	}
}

// noteBoundary remembers a delimiter line, unless a header is glued to it.
func (f *framing) noteBoundary(line []byte) {
	if len(line) <= maxBoundary && bytes.IndexByte(line, ':') < 0 && !bytes.Equal(line, f.boundary) {
		f.boundary = bytes.Clone(line)
	}
}

// header reads one part header.
func (f *framing) header(name partHeader, value []byte) {
	if f.position == inBody { // of another part, whose delimiter, if any, was not recognised
		f.begin()
	}
	f.position = inHeaders
	switch name {
	case contentLength:
		if n, err := strconv.Atoi(string(value)); err == nil {
			f.length = n
		} else {
			f.quirks |= quirkLength
		}
	case contentType:
		f.skip = !holdsPictures(value)
		if f.skip {
			f.remember(value)
		}
	case timestamp:
		f.time = parseTimestamp(value)
	case repeat:
		f.repeat = bytes.Equal(value, []byte("1"))
	case standIn:
		f.standIn = bytes.Equal(value, []byte("1"))
	}
}

// remember adds the media type of a skipped part.
func (f *framing) remember(value []byte) {
	value, _, _ = bytes.Cut(value, []byte(";"))
	value = bytes.TrimRight(value[:min(len(value), maxType)], " \t")
	known := func(s string) bool { return s == string(value) }
	if len(f.skipped) < maxSkipped && !slices.ContainsFunc(f.skipped, known) {
		f.skipped = append(f.skipped, string(bytes.Map(visible, value)))
	}
}

// HoldsPictures reports whether a body or part of this media type may hold pictures. Cameras often name a wrong one, so it
// returns true for all but audio, text, other video, JSON and XML.
func HoldsPictures(mediaType string) bool { return holdsPictures([]byte(mediaType)) }

func holdsPictures(mediaType []byte) bool {
	slash := bytes.IndexByte(mediaType, '/')
	if slash < 0 || containsFold(mediaType, "jpeg") || containsFold(mediaType, "jpg") {
		return true
	}
	switch kind := mediaType[:slash]; {
	case bytes.EqualFold(kind, []byte("audio")), bytes.EqualFold(kind, []byte("text")), bytes.EqualFold(kind, []byte("video")):
		return false
	}
	return !containsFold(mediaType, "json") && !containsFold(mediaType, "xml")
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

// visible maps characters that cannot be shown to -1, for [bytes.Map].
func visible(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}
