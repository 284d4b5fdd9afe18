package jpeg

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"slices"
)

// format returns the format that the picture's components are in as they are, if there is one.
func (r *header) format() (Format, bool) {
	c := r.components
	if len(c) == 1 {
		return Grey, true
	}
	if c[0].h != r.h || c[0].v != r.v || c[1].h != c[2].h || c[1].v != c[2].v {
		return 0, false
	}
	for f := I420; int(f) < len(layouts); f++ {
		if f != Grey && r.h == layouts[f].h*c[1].h && r.v == layouts[f].v*c[1].v {
			return f, true
		}
	}
	return 0, false
}

// rgb reports whether the components are red, green and blue, by the rules of libjpeg and image/jpeg.
func (r *header) rgb() bool {
	c := r.components
	if len(c) != 3 || r.jfif {
		return false
	}
	return r.adobe == 0 || c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B'
}

// expand returns a picture of three components as I444, each sample repeated as often as its component has fewer of them.
func (d *Decoder) expand(raw Raw) Raw {
	w, h := raw.Width, raw.Height
	d.full = slices.Grow(d.full[:0], 3*w*h)[:3*w*h]
	full := I444.Raw(w, h, w, d.full)
	for i := range full.Planes {
		c := &d.reading.components[i]
		for y := range h {
			from := raw.Planes[i][y*c.v/d.reading.v*raw.Strides[i]:]
			to := full.Planes[i][y*w:][:w]
			if c.h == d.reading.h {
				copy(to, from)
				continue
			}
			for x := range to {
				to[x] = from[x*c.h/d.reading.h]
			}
		}
	}
	if d.reading.rgb() {
		for i := range full.Planes[0] {
			p := &full.Planes
			r, g, b := int32(p[0][i]), int32(p[1][i]), int32(p[2][i])
			p[0][i] = lightness(r, g, b)
			p[1][i], p[2][i] = chroma(4*r, 4*g, 4*b)
		}
	}
	return full
}

// decodeOther decodes a picture with image/jpeg.
func (d *Decoder) decodeOther(picture []byte) (Raw, error) {
	r := &d.reading
	if limit := r.limit / 4; r.width > limit/r.height {
		return Raw{}, fmt.Errorf("%w: %dx%d, progressive or of four components, is more than %d pixels",
			ErrUnsupported, r.width, r.height, limit)
	}
	img, err := stdjpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		kind := ErrBroken
		if unsupported := stdjpeg.UnsupportedError(""); errors.As(err, &unsupported) {
			kind = ErrUnsupported
		}
		return Raw{}, fmt.Errorf("%w: %v", kind, err)
	}
	raw, ok := borrow(img)
	if !ok {
		if raw, err = d.converted.convert(img); err != nil {
			return Raw{}, err
		}
	}
	if d.scale == 1 {
		return raw, nil
	}
	return d.scaler.Scale(raw, ceilDiv(raw.Width, d.scale), ceilDiv(raw.Height, d.scale))
}

// Image returns the picture as one of the standard library's, of the same samples: *image.Gray of Grey, *image.YCbCr of
// I420, I422, I444, I440, I411 and I410, else nil. What Limited says is lost.
func (r *Raw) Image() image.Image {
	lay, err := r.layout()
	if err != nil {
		return nil
	}
	bounds, strides := image.Rect(0, 0, r.Width, r.Height), r.Strides
	for i := range strides {
		if row, _ := lay.plane(i, r.Width, r.Height); strides[i] == 0 {
			strides[i] = row
		}
	}
	switch {
	case r.Format == Grey:
		return &image.Gray{Pix: r.Planes[0], Stride: strides[0], Rect: bounds}
	case lay.ratio == noRatio:
		return nil
	}
	return &image.YCbCr{Y: r.Planes[0], Cb: r.Planes[1], Cr: r.Planes[2],
		YStride: strides[0], CStride: strides[1], SubsampleRatio: lay.ratio, Rect: bounds}
}
