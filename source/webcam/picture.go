package webcam

import (
	"bytes"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/pion/mediadevices/pkg/frame"

	"mjpegazer/source/v4l2"
	"mjpegazer/stream/jpeg"
)

// Read implements video.Reader. A picture is overwritten by a later one only after it was released.
func (r *cameraReader) Read() (image.Image, func(), error) {
	p := r.picture()
	for {
		f, err := r.device.Read(p.data)
		if err != nil {
			return nil, nil, err
		}
		p.data = f.Data
		damaged := r.isDamaged(f)
		r.count(f, damaged)
		if damaged {
			continue
		}
		p.time, p.decoded = captureTime(f), nil
		switch r.format.kind {
		case asJPEG:
			return (*jpegPicture)(p), p.release, nil
		case asRaw:
			return (*rawPicture)(p), p.release, nil
		}
		img, err := p.decode()
		return img, p.release, err
	}
}

// A cameraPicture is a picture as the camera sent it. It is decoded only if it is read as an image.Image.
type cameraPicture struct {
	data    []byte
	format  format
	mode    v4l2.Mode
	time    time.Time
	release func()

	mu      sync.Mutex
	decoded image.Image // nil before the first pixel is read
}

// A jpegPicture was compressed by the camera, a rawPicture was not.
type (
	jpegPicture cameraPicture
	rawPicture  cameraPicture
)

// The methods that a recording looks for.
func (p *jpegPicture) JPEG() []byte        { return p.data }
func (p *jpegPicture) Captured() time.Time { return p.time }
func (p *rawPicture) Captured() time.Time  { return p.time }
func (p *rawPicture) Raw() jpeg.Raw        { return (*cameraPicture)(p).raw() }

// They implement image.Image.
func (p *jpegPicture) ColorModel() color.Model { return (*cameraPicture)(p).image().ColorModel() }
func (p *jpegPicture) At(x, y int) color.Color { return (*cameraPicture)(p).image().At(x, y) }
func (p *jpegPicture) Bounds() image.Rectangle { return (*cameraPicture)(p).bounds() }
func (p *rawPicture) ColorModel() color.Model  { return (*cameraPicture)(p).image().ColorModel() }
func (p *rawPicture) At(x, y int) color.Color  { return (*cameraPicture)(p).image().At(x, y) }
func (p *rawPicture) Bounds() image.Rectangle  { return (*cameraPicture)(p).bounds() }

func (p *cameraPicture) bounds() image.Rectangle {
	return image.Rect(0, 0, p.mode.Width, p.mode.Height)
}

func (p *cameraPicture) raw() jpeg.Raw {
	raw := p.format.raw.Raw(p.mode.Width, p.mode.Height, p.mode.Stride, p.data)
	raw.Limited = !p.mode.FullRange
	return raw
}

// image is the decoded picture, all grey where decoding fails.
func (p *cameraPicture) image() image.Image {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.decoded == nil {
		img, err := p.decode()
		if err != nil {
			img = image.NewUniform(color.Gray{128})
		}
		p.decoded = img
	}
	return p.decoded
}

func (p *cameraPicture) decode() (image.Image, error) {
	if p.format.kind == asJPEG {
		return decodeJPEG(p.data)
	}
	if p.format.raw == jpeg.Grey && p.format.kind == asRaw {
		raw := p.raw()
		return &image.Gray{Pix: raw.Planes[0], Stride: max(raw.Strides[0], p.mode.Width), Rect: p.bounds()}, nil
	}
	decoder, err := frame.NewDecoder(p.format.name)
	if err != nil {
		return nil, err
	}
	img, _, err := decoder.Decode(p.packed(), p.mode.Width, p.mode.Height)
	return img, err
}

// decodeJPEG decodes a picture that may lack Huffman tables. Not with mediadevices' decoder: two goroutines must not use that.
func decodeJPEG(p []byte) (image.Image, error) {
	info, end, err := jpeg.Inspect(p)
	if err != nil {
		return nil, err
	}
	head, scan := p[:info.Scan], p[info.Scan:end]
	return stdjpeg.Decode(io.MultiReader(bytes.NewReader(head), strings.NewReader(info.Missing()), bytes.NewReader(scan)))
}

// packed is a copy of the picture without padding between its rows, which mediadevices' decoders do not expect.
func (p *cameraPicture) packed() []byte {
	width, height := p.mode.Width, p.mode.Height
	if p.format.kind == asDecoded {
		return appendRows(nil, p.data, p.mode.Stride, 2*width, height) // Z16
	}
	size := 0
	tight := p.format.raw.Raw(width, height, 0, make([]byte, 2*(width+1)*(height+1)))
	loose := p.raw()
	for _, plane := range tight.Planes {
		size += len(plane)
	}
	b := make([]byte, 0, size)
	for i, plane := range tight.Planes {
		rows := height
		if i > 0 {
			rows = (height + 1) / 2
		}
		b = appendRows(b, loose.Planes[i], loose.Strides[i], len(plane)/rows, rows)
	}
	return b
}

// appendRows appends the first row bytes of each of rows that are stride bytes apart.
func appendRows(dst, src []byte, stride, row, rows int) []byte {
	stride = max(stride, row)
	for y := 0; y < rows && y*stride+row <= len(src); y++ {
		dst = append(dst, src[y*stride:][:row]...)
	}
	return dst
}
