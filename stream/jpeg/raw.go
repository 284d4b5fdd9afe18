package jpeg

import (
	"fmt"
	"image"
)

// Format says how the samples of a raw picture lie in memory.
type Format uint8

// The formats that webcams send, and that JPEGs hold. Chroma is halved in width
// (4:2:2) or in width and height (4:2:0) and so on, halves rounded up.
const (
	YUYV Format = iota // 4:2:2, one plane of Y0 Cb Y1 Cr
	UYVY               // 4:2:2, one plane of Cb Y0 Cr Y1
	NV12               // 4:2:0, a plane of Y and one of Cb Cr
	NV21               // 4:2:0, a plane of Y and one of Cr Cb
	I420               // 4:2:0, planes of Y, Cb and Cr
	I422               // 4:2:2, planes of Y, Cb and Cr
	Grey               // one plane of Y
	I444               // 4:4:4, planes of Y, Cb and Cr, all of one size
	I440               // 4:4:0, chroma is halved in height
	I411               // 4:1:1, chroma is a quarter in width
	I410               // 4:1:0, chroma is a quarter in width and halved in height
)

const maxSize = 65535 // of a side, in a frame header (B.2.2)

// layout says where the components of a format are found, and how many luma
// samples share one of chroma.
type layout struct {
	name       string
	h, v       int    // luma samples for each chroma sample, across and down
	planar     Format // with the same samples, one plane each
	turned     Format // of these samples after a quarter turn
	ratio      image.YCbCrSubsampleRatio
	components []origin
}

// noRatio is that of formats that are no image.YCbCr.
const noRatio = -1

// origin is where a component's first sample lies, and how far the next is.
type origin struct{ plane, offset, step int }

var layouts = [...]layout{
	YUYV: {"YUYV", 2, 1, I422, I440, noRatio, []origin{{0, 0, 2}, {0, 1, 4}, {0, 3, 4}}},
	UYVY: {"UYVY", 2, 1, I422, I440, noRatio, []origin{{0, 1, 2}, {0, 0, 4}, {0, 2, 4}}},
	NV12: {"NV12", 2, 2, I420, I420, noRatio, []origin{{0, 0, 1}, {1, 0, 2}, {1, 1, 2}}},
	NV21: {"NV21", 2, 2, I420, I420, noRatio, []origin{{0, 0, 1}, {1, 1, 2}, {1, 0, 2}}},
	I420: {"I420", 2, 2, I420, I420, image.YCbCrSubsampleRatio420, separate},
	I422: {"I422", 2, 1, I422, I440, image.YCbCrSubsampleRatio422, separate},
	Grey: {"Grey", 1, 1, Grey, Grey, noRatio, separate[:1]},
	I444: {"I444", 1, 1, I444, I444, image.YCbCrSubsampleRatio444, separate},
	I440: {"I440", 1, 2, I440, I422, image.YCbCrSubsampleRatio440, separate},
	I411: {"I411", 4, 1, I411, I444, image.YCbCrSubsampleRatio411, separate},
	I410: {"I410", 4, 2, I410, I444, image.YCbCrSubsampleRatio410, separate},
}

var separate = []origin{{0, 0, 1}, {1, 0, 1}, {2, 0, 1}}

// String returns the format's name as it is written here.
func (f Format) String() string {
	if int(f) >= len(layouts) {
		return fmt.Sprintf("Format(%d)", uint8(f))
	}
	return layouts[f].name
}

// Raw is a picture that is not compressed. Its samples belong to the caller that
// fills it in, or to the Decoder or Scaler that returns it.
type Raw struct {
	Format        Format
	Width, Height int       // in luma samples, 1 to 65535
	Planes        [3][]byte // as many as the format has
	Strides       [3]int    // bytes from one row to the next; 0: rows without a gap

	// Limited says that luma goes from 16 to 235 and chroma from 16 to 240, as
	// video has it (ITU-R BT.601) and V4L2 assumes where a driver is silent. A
	// JPEG goes from 0 to 255 (JFIF): the picture is stretched to that, at no cost.
	Limited bool
}

// Raw returns the picture that lies in one buffer, plane behind plane, as V4L2
// delivers it. The stride is that of the first plane, V4L2's bytesperline, or 0
// where rows have no gap. A buffer too short is an error of Encoder.Append.
func (f Format) Raw(width, height, stride int, pix []byte) Raw {
	raw := Raw{Format: f, Width: width, Height: height}
	lay, err := raw.layout()
	if err != nil {
		return raw
	}
	for i := range raw.Planes {
		row, rows := lay.plane(i, width, height)
		if row == 0 {
			break
		}
		if i == 1 {
			// A chroma row has as much less padding as samples.
			stride = ceilDiv(stride, lay.h) * lay.components[1].step
		}
		n := min(int64(len(pix)), int64(max(row, min(stride, len(pix))))*int64(rows))
		raw.Planes[i], raw.Strides[i], pix = pix[:n:n], stride, pix[n:]
	}
	return raw
}

// Crop returns the part of the picture that is in r, of the same samples. It
// begins where a sample of chroma does, up to three pixels further to the left
// and above. Without one in common it has no size. A picture that makes no sense
// is returned as it is, for Encoder.Append to say what is wrong.
func (r Raw) Crop(part image.Rectangle) Raw {
	lay, err := r.layout()
	if err != nil {
		return r
	}
	if _, err := r.components(lay); err != nil {
		return r
	}
	part = part.Intersect(image.Rect(0, 0, r.Width, r.Height))
	part.Min.X -= part.Min.X % lay.h
	part.Min.Y -= part.Min.Y % lay.v
	if part.Empty() {
		return Raw{Format: r.Format}
	}
	for i := range r.Planes {
		row, _ := lay.plane(i, r.Width, r.Height)
		if row == 0 {
			break
		}
		if r.Strides[i] == 0 {
			r.Strides[i] = row
		}
		// What a picture as wide as what is to the left and as high as what is above has in a row, and rows.
		left, _ := lay.plane(i, part.Min.X, 1)
		_, above := lay.plane(i, 1, part.Min.Y)
		r.Planes[i] = r.Planes[i][above*r.Strides[i]+left:]
	}
	r.Width, r.Height = part.Dx(), part.Dy()
	return r
}

// layout returns the picture's layout if its format and size make sense.
func (r *Raw) layout() (*layout, error) {
	if int(r.Format) >= len(layouts) {
		return nil, fmt.Errorf("jpeg: unknown raw format %d", r.Format)
	}
	if r.Width < 1 || r.Width > maxSize || r.Height < 1 || r.Height > maxSize {
		return nil, fmt.Errorf("jpeg: a picture cannot be %dx%d: each side is 1 to %d", r.Width, r.Height, maxSize)
	}
	return &layouts[r.Format], nil
}

// components returns the picture's components, each of which is known to lie
// whole in its plane.
func (r *Raw) components(lay *layout) (c [3]samples, err error) {
	strides := r.Strides
	for i, pix := range r.Planes {
		row, rows := lay.plane(i, r.Width, r.Height)
		if row == 0 {
			break
		}
		if strides[i] == 0 {
			strides[i] = row
		}
		if strides[i] < row {
			return c, fmt.Errorf("jpeg: plane %d of a %s picture %d wide has a stride of %d bytes, needs %d",
				i, r.Format, r.Width, strides[i], row)
		}
		if need := int64(strides[i])*int64(rows-1) + int64(row); int64(len(pix)) < need || strides[i] > len(pix) && rows > 1 {
			return c, fmt.Errorf("jpeg: plane %d of a %dx%d %s picture has %d bytes, needs %d",
				i, r.Width, r.Height, r.Format, len(pix), need)
		}
	}
	for i, at := range lay.components {
		w, h := lay.size(i, r.Width, r.Height)
		c[i] = samples{r.Planes[at.plane][at.offset:], strides[at.plane], at.step, w, h}
	}
	return c, nil
}

// size returns how many samples a component has, across and down.
func (l *layout) size(component, width, height int) (w, h int) {
	if component == 0 {
		return width, height
	}
	return ceilDiv(width, l.h), ceilDiv(height, l.v)
}

// blocks returns how many blocks of a component cover the ground of one block
// of chroma, across and down.
func (l *layout) blocks(component int) (h, v int) {
	if component == 0 {
		return l.h, l.v
	}
	return 1, 1
}

// plane returns the bytes of a row of a plane, and the rows; 0 for no plane.
func (l *layout) plane(plane, width, height int) (row, rows int) {
	for i, at := range l.components {
		if at.plane == plane {
			w, h := l.size(i, width, height)
			row, rows = max(row, w*at.step), h
		}
	}
	return row, rows
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// samples is one component of a raw picture.
type samples struct {
	pix           []byte // begins with the first sample
	stride, step  int    // bytes to the sample below, and to the next
	width, height int
}

// block is eight rows of eight samples or coefficients.
type block [64]int32

// load copies the block at x, y. Beyond the border the last row and column
// are repeated, which costs the fewest bits.
func (s *samples) load(b *block, x, y int) {
	if x+8 > s.width || y+8 > s.height {
		s.loadBorder(b, x, y)
		return
	}
	at := y*s.stride + x*s.step
	switch s.step {
	case 1:
		for i := 0; i < 64; i, at = i+8, at+s.stride {
			p, r := (*[8]byte)(s.pix[at:]), (*[8]int32)(b[i:])
			r[0], r[1], r[2], r[3] = int32(p[0]), int32(p[1]), int32(p[2]), int32(p[3])
			r[4], r[5], r[6], r[7] = int32(p[4]), int32(p[5]), int32(p[6]), int32(p[7])
		}
	case 2:
		for i := 0; i < 64; i, at = i+8, at+s.stride {
			p, r := (*[15]byte)(s.pix[at:]), (*[8]int32)(b[i:])
			r[0], r[1], r[2], r[3] = int32(p[0]), int32(p[2]), int32(p[4]), int32(p[6])
			r[4], r[5], r[6], r[7] = int32(p[8]), int32(p[10]), int32(p[12]), int32(p[14])
		}
	case 4:
		for i := 0; i < 64; i, at = i+8, at+s.stride {
			p, r := (*[29]byte)(s.pix[at:]), (*[8]int32)(b[i:])
			r[0], r[1], r[2], r[3] = int32(p[0]), int32(p[4]), int32(p[8]), int32(p[12])
			r[4], r[5], r[6], r[7] = int32(p[16]), int32(p[20]), int32(p[24]), int32(p[28])
		}
	}
}

func (s *samples) loadBorder(b *block, x, y int) {
	for i := range b {
		row := min(y+i/8, s.height-1) * s.stride
		b[i] = int32(s.pix[row+min(x+i%8, s.width-1)*s.step])
	}
}
