package jpeg

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Orientation says how a picture is turned and mirrored to be shown, as Exif numbers it (CIPA DC-008, tag 0x0112). 0, and
// other values that mean nothing, are as Upright.
type Orientation uint8

// The orientations. Mirrored exchanges left and right, Flipped above and below; degrees are clockwise.
const (
	Upright     Orientation = 1 + iota // as it is
	Mirrored                           // mirrored
	Turned180                          // turned by 180°
	Flipped                            // turned by 180° and mirrored
	Transposed                         // turned by 90° and mirrored
	Turned90                           // turned by 90°
	Transversed                        // turned by 270° and mirrored
	Turned270                          // turned by 270°
)

// steps returns what an orientation consists of: the sample shown at x, y is the one at x, y of the picture; or at y, x if
// swap is true; and then counted from the right if mirror is, and from below if flip is.
func (o Orientation) steps() (swap, mirror, flip bool) {
	switch o {
	case Mirrored, Turned270:
		mirror = true
	case Flipped, Turned90:
		flip = true
	case Turned180, Transversed:
		mirror, flip = true, true
	}
	return o >= Transposed && o <= Turned270, mirror, flip
}

// Then returns the orientation of a picture that is shown in this one and then turned further.
func (o Orientation) Then(next Orientation) Orientation {
	swap, mirror, flip := o.steps()
	swapNext, mirrorNext, flipNext := next.steps()
	if swap {
		mirrorNext, flipNext = flipNext, mirrorNext
	}
	for all := Upright; all <= Turned270; all++ {
		if s, m, f := all.steps(); s == (swap != swapNext) && m == (mirror != mirrorNext) && f == (flip != flipNext) {
			return all
		}
	}
	return Upright // not reached: there are eight
}

// OrientationOf returns the orientation that a picture's Exif segment names, Upright without one.
func OrientationOf(picture []byte) Orientation {
	if e, ok := exifIn(picture); ok {
		if o := e.order.Uint16(e.orientation()); o >= uint16(Upright) && o <= uint16(Turned270) {
			return Orientation(o)
		}
	}
	return Upright
}

// Append appends the picture to dst with this orientation in its Exif segment: that is 36 bytes more if it has none, and
// no sample is touched. Browsers show it turned; many other programs do not. It returns dst as it was, and an error that
// wraps [ErrBroken], if the picture does not begin as a JPEG does.
func (o Orientation) Append(dst, picture []byte) ([]byte, error) {
	if !bytes.HasPrefix(picture, []byte{0xFF, markerSOI}) {
		return dst, fmt.Errorf("%w: no SOI", ErrBroken)
	}
	if o < Upright || o > Turned270 {
		o = Upright
	}
	start := len(dst)
	if _, ok := exifIn(picture); ok {
		dst = append(dst, picture...)
		e, _ := exifIn(dst[start:])
		e.order.PutUint16(e.orientation(), uint16(o))
		return dst, nil
	}
	head := 2 // JFIF wants to be the first segment, and Exif too: readers know both
	if s, rest, err := nextSegment(picture[2:]); err == nil && s.marker == markerAPP0 {
		head = len(picture) - len(rest)
	}
	dst = append(dst, picture[:head]...)
	dst = append(dst, "\xff\xe1\x00\x22Exif\x00\x00"+
		"MM\x00\x2a\x00\x00\x00\x08"+ // big endian, the directory begins at 8
		"\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"...) // one entry: orientation, one short
	dst = append(dst, byte(o), 0, 0, 0, 0, 0, 0) // and no other directory
	return append(dst, picture[head:]...), nil
}

// exif is the TIFF file in an Exif segment (CIPA DC-008, 4.5 and 4.6; TIFF 6.0, section 2).
type exif struct {
	tiff  []byte
	order binary.ByteOrder
}

// Tags and types of fields.
const (
	tagOrientation     = 0x0112
	tagThumbnail       = 0x0201 // JPEGInterchangeFormat: where it is
	tagThumbnailLength = 0x0202
	typeShort          = 3
	typeLong           = 4
)

func openExif(s segment) (e exif, ok bool) {
	tiff, ok := bytes.CutPrefix(s.data, []byte("Exif\x00\x00"))
	switch {
	case s.marker != markerAPP1 || !ok || len(tiff) < 8:
		return e, false
	case string(tiff[:4]) == "II*\x00":
		return exif{tiff, binary.LittleEndian}, true
	case string(tiff[:4]) == "MM\x00*":
		return exif{tiff, binary.BigEndian}, true
	}
	return e, false
}

// exifIn returns the first Exif segment of a picture that has an orientation.
func exifIn(picture []byte) (e exif, ok bool) {
	if !bytes.HasPrefix(picture, []byte{0xFF, markerSOI}) {
		return e, false
	}
	s, rest, err := nextSegment(picture[2:])
	for ; err == nil && s.marker != markerSOS && s.marker != markerEOI; s, rest, err = nextSegment(rest) {
		if e, ok := openExif(s); ok && e.orientation() != nil {
			return e, true
		}
	}
	return e, false
}

// directory returns the fields of the directory whose offset stands in four bytes, and the four bytes in which that of the
// next stands; nothing if it is not whole.
func (e exif) directory(offset []byte) (fields, next []byte) {
	at := uint64(e.order.Uint32(offset))
	if at+2 > uint64(len(e.tiff)) {
		return nil, nil
	}
	rest := e.tiff[at+2:]
	n := 12 * int(e.order.Uint16(e.tiff[at:]))
	if n+4 > len(rest) {
		return nil, nil
	}
	return rest[:n], rest[n:][:4]
}

// field returns the four bytes in which a field's only value stands, nil if there is none of this type.
func (e exif) field(fields []byte, tag, kind uint16) []byte {
	for ; len(fields) > 0; fields = fields[12:] {
		if e.order.Uint16(fields) == tag && e.order.Uint16(fields[2:]) == kind && e.order.Uint32(fields[4:]) == 1 {
			return fields[8:12]
		}
	}
	return nil
}

// orientation returns where the orientation stands, nil if nowhere.
func (e exif) orientation() []byte {
	fields, _ := e.directory(e.tiff[4:])
	return e.field(fields, tagOrientation, typeShort)
}

// dropThumbnail makes an end of the thumbnail, which shows what the picture was: it is no longer referred to, and its bytes
// are zero.
func (e exif) dropThumbnail() {
	_, link := e.directory(e.tiff[4:])
	if link == nil || e.order.Uint32(link) == 0 {
		return
	}
	fields, _ := e.directory(link)
	at, size := e.field(fields, tagThumbnail, typeLong), e.field(fields, tagThumbnailLength, typeLong)
	clear(link)
	if at == nil || size == nil {
		return
	}
	first := min(uint64(e.order.Uint32(at)), uint64(len(e.tiff)))
	clear(e.tiff[first:min(first+uint64(e.order.Uint32(size)), uint64(len(e.tiff)))])
	clear(fields)
}
