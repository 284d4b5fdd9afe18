package jpeg

import "io"

// Info is what the header of a picture says.
type Info struct {
	// Width and Height are in pixels, of the frame header (B.2.2). A height that it leaves open is 0 until the DNL segment
	// behind the first scan is read (B.2.5).
	Width, Height int
	// Scan is the offset of the first scan header's marker (B.2.3): missing tables belong before it.
	Scan int
	// NoTables is true where the scan needs Huffman tables (B.2.4.2) and none stand before it, as in Motion JPEG from
	// USB webcams.
	NoTables bool
}

// Missing is the DHT segment that belongs at offset Scan: the standard's own tables (K.3) where the picture has none, as
// browsers and other decoders do not know them by heart; else nothing.
func (i Info) Missing() string {
	if i.NoTables {
		return standardTables
	}
	return ""
}

// Scale returns the largest scale of [Decoder.Decode] at which the picture still has this width and height: 1, 2, 4 or 8.
func (i Info) Scale(width, height int) int {
	scale := 8
	for scale > 1 && (ceilDiv(i.Width, scale) < width || ceilDiv(i.Height, scale) < height) {
		scale /= 2
	}
	return scale
}

// Inspect walks through p, which must begin with a picture's SOI, and returns what its header says and the offset behind
// its EOI. A picture that is cut is io.ErrUnexpectedEOF, one that is none ErrBroken.
func Inspect(p []byte) (info Info, end int, err error) {
	var w Walk
	switch n, err := w.Next(p); err {
	case io.EOF:
		return w.Info, n, nil
	case nil:
		return w.Info, 0, io.ErrUnexpectedEOF
	default:
		return w.Info, 0, err
	}
}
