package mjpeg

import (
	"bytes"
	"slices"
	"strconv"
	"time"
)

const (
	maxLine    = 4 << 10 // bytes of a line between pictures; what is longer is no header
	maxSkipped = 8       // media types remembered
	maxType    = 64      // bytes of each
)

var soi = []byte{0xFF, 0xD8, 0xFF} // SOI and the first byte of the marker that must follow

// framing is what stands between two pictures: delimiters, part headers, parts of other kinds, rubbish. It is read line
// by line, and none of its lines is required.
type framing struct {
	time    time.Time
	repeat  bool
	skip    bool // the part holds something else than a picture
	skipped []string
	length  int // that the headers give; 0: none
	quirks  quirk
	torn    bool // a picture was given up, and may have swallowed headers

	position position
	fresh    bool // nothing has come since the blank line that ended the headers
	midline  bool // what comes next continues a line whose beginning is gone
}

// A quirk is something unlike the standard.
type quirk uint8

const (
	quirkNoHeaders quirk = 1 << iota
	quirkBefore
	quirkBehind
	quirkLength
)

// quirkNames are for people to read.
var quirkNames = map[quirk]string{
	quirkNoHeaders: "pictures without part headers",
	quirkBefore:    "rubbish before pictures",
	quirkBehind:    "padding behind pictures",
	quirkLength:    "false lengths of parts",
}

type position uint8

const (
	beforeHeaders position = iota
	inHeaders
	inBody
)

// begin makes f stand behind a picture, or before another part's headers.
func (f *framing) begin() { *f = framing{skipped: f.skipped, quirks: f.quirks} }

// notePicture notes the quirks of a picture of size bytes that follows the framing.
func (f *framing) notePicture(size int) {
	switch {
	case f.torn:
	case f.position == beforeHeaders:
		f.quirks |= quirkNoHeaders
	case !f.fresh:
		f.quirks |= quirkBefore
	}
	if f.length != 0 && f.length != size {
		f.quirks |= quirkLength
	}
}

// scan reads b, the bytes from the first not yet used on, and returns how many it has used up and whether a picture
// begins behind them.
func (f *framing) scan(b []byte) (n int, found bool) {
	for {
		at := bytes.Index(b[n:], soi)
		if at < 0 {
			n += f.lines(b[n:])
			// A line that never ends is let go of, but for what may be the first bytes of a SOI.
			if rest := len(b) - n; rest > maxLine {
				n += rest - (len(soi) - 1)
				f.cut()
			}
			return n, false
		}
		if f.lines(b[n:n+at]) < at {
			f.fresh = false
		}
		if !f.skip || f.fresh {
			return n + at, true
		}
		n += at + 1
		f.cut()
	}
}

// cut says that the line's beginning is gone.
func (f *framing) cut() { f.midline, f.fresh = true, false }

// lines reads the whole lines of b and returns their length.
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
	}
}

// line takes one line. Lines of binary data come here as well; what they could pass for is put right by the next header.
func (f *framing) line(line []byte) {
	if len(line) == 0 {
		if f.position == inHeaders {
			f.position, f.fresh = inBody, true
		}
		return
	}
	f.fresh = false
	delimiter := bytes.HasPrefix(line, []byte("--"))
	if delimiter {
		f.begin()
		f.position = inHeaders
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
				f.header(partHeader(i), bytes.TrimLeft(value, " \t"))
			}
		}
	}
}

// header takes one part header.
func (f *framing) header(name partHeader, value []byte) {
	if f.position == inBody { // of a part whose delimiter, if any, was not known for one
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
	}
}

// remember keeps the media type of a skipped part.
func (f *framing) remember(value []byte) {
	value, _, _ = bytes.Cut(value, []byte(";"))
	value = bytes.TrimRight(value[:min(len(value), maxType)], " \t")
	known := func(s string) bool { return s == string(value) }
	if len(f.skipped) < maxSkipped && !slices.ContainsFunc(f.skipped, known) {
		f.skipped = append(f.skipped, string(bytes.Map(visible, value)))
	}
}

// HoldsPictures reports whether a body or part of this media type is to be searched for pictures: any is, for many cameras
// name a wrong one, but audio, text, other video, JSON and XML.
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

// visible drops what of a media type cannot be shown.
func visible(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}
