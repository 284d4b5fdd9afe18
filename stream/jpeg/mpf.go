package jpeg

import (
	"bytes"
	"encoding/binary"
)

// An Index tells of further pictures that a file or part holds behind its first: the MP index of the Multi-Picture Format
// (CIPA DC-007, 5.2), which stereo cameras and phones write, those for a gain map or the other eye.
type Index struct{ others []region }

// A region is where a picture lies, in bytes from the first one's SOI.
type region struct{ start, size int }

const (
	maxPictures = 64 // of an index that are read
	mpEntrySize = 16 // DC-007, 5.2.3.3
	ifdEntry    = 12
	tagEntries  = 0xB002
)

var mpHead = []byte("MPF\x00")

// FindIndex reads the MP index of a picture, if it has one.
func FindIndex(p []byte) (index Index, ok bool) {
	for at := 2; at+4 <= len(p) && p[at] == 0xFF; {
		marker, length := p[at+1], int(binary.BigEndian.Uint16(p[at+2:]))
		end := at + 2 + length
		if marker == markerSOS || length < 2 || end > len(p) {
			break
		}
		if body := p[at+4 : end]; marker == markerAPP2 && bytes.HasPrefix(body, mpHead) {
			others, found := readIndex(body[len(mpHead):])
			for i := range others {
				others[i].start += at + 4 + len(mpHead) // they count from the header of the index
			}
			return Index{others}, found
		}
		at = end
	}
	return Index{}, false
}

// Holds reports whether a picture of size bytes, start bytes behind the first one's SOI, is one of the index.
func (i Index) Holds(start, size int) bool {
	for _, r := range i.others {
		if r.start == start || r.size == size {
			return true
		}
	}
	return false
}

// Starts reports whether a picture of the index begins start bytes behind the first one's SOI.
func (i Index) Starts(start int) bool { return i.Holds(start, -1) }

// readIndex reads the MP header and the index IFD behind it. An index of one picture, or none, is found all the same.
func readIndex(p []byte) (others []region, found bool) {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case len(p) < 8:
		return nil, false
	case p[0] == 'M':
		order = binary.BigEndian
	}
	ifd := int64(order.Uint32(p[4:]))
	if ifd+2 > int64(len(p)) {
		return nil, false
	}
	entries := p[ifd+2:]
	for range order.Uint16(p[ifd:]) {
		if len(entries) < ifdEntry {
			return nil, false
		}
		if order.Uint16(entries) == tagEntries {
			size, at := int64(order.Uint32(entries[4:])), int64(order.Uint32(entries[8:]))
			if at+size > int64(len(p)) {
				return nil, false
			}
			return readEntries(p[at:at+size], order), true
		}
		entries = entries[ifdEntry:]
	}
	return nil, false
}

func readEntries(p []byte, order binary.ByteOrder) (others []region) {
	for n := 0; len(p) >= mpEntrySize && n < maxPictures; n++ {
		if start := order.Uint32(p[8:]); start != 0 { // 0 is the first picture's
			others = append(others, region{int(start), int(order.Uint32(p[4:]))})
		}
		p = p[mpEntrySize:]
	}
	return others
}
