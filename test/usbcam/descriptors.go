//go:build linux

package usbcam

import (
	"encoding/binary"
	"slices"
)

// Descriptors (USB 2.0, 9.5; UVC 1.0, 3). Each begins with its length and its type.
const (
	deviceDescriptor        = 1
	configurationDescriptor = 2
	stringDescriptor        = 3
	interfaceDescriptor     = 4
	endpointDescriptor      = 5
	associationDescriptor   = 11
	classInterface          = 0x24

	video           = 0x0e // class
	videoControl    = 1    // subclasses
	videoStreaming  = 2
	videoCollection = 3

	bulkIn = 0x81 // the endpoint of the pictures
)

func describe(fields ...byte) []byte { return append([]byte{byte(len(fields) + 1)}, fields...) }

func u16(v int) (low, high byte) { return byte(v), byte(v >> 8) }

// descriptor is one that the kernel asks for; false is one that the camera does not have.
func (c *Camera) descriptor(kind, index byte) ([]byte, bool) {
	switch kind {
	case deviceDescriptor:
		const vendor, product = 0x1d6b, 0x0104
		v0, v1 := u16(vendor)
		p0, p1 := u16(product)
		return describe(kind, 0x00, 0x02, 0xef, 2, 1, 64, v0, v1, p0, p1, 0x00, 0x01, 1, 2, 3, 1), true
	case configurationDescriptor:
		return c.configuration(), true
	case stringDescriptor:
		if index == 0 {
			return describe(kind, 0x09, 0x04), true // English
		}
		if texts := []string{"Mjpegazer", c.Name, c.Serial}; int(index) <= len(texts) {
			b := []byte{kind}
			for _, r := range texts[index-1] {
				b = append(b, byte(r), byte(r>>8))
			}
			return describe(b...), true
		}
	}
	return nil, false
}

func (c *Camera) configuration() []byte {
	body := slices.Concat(
		describe(associationDescriptor, controlInterface, 2, video, videoCollection, 0, 2),
		describe(interfaceDescriptor, controlInterface, 0, 0, video, videoControl, 0, 2), controlUnits(),
		describe(interfaceDescriptor, streamInterface, 0, 1, video, videoStreaming, 0, 0), c.streamFormats(),
		describe(endpointDescriptor, bulkIn, 2, 0x00, 0x02, 0), // bulk, 512 bytes
	)
	head := describe(configurationDescriptor, 0, 0, 2, 1, 0, 0x80, 50)
	return withTotal(head, 2, body)
}

// withTotal puts a head before a body, with the length of both at an offset of the head.
func withTotal(head []byte, offset int, body []byte) []byte {
	binary.LittleEndian.PutUint16(head[offset:], uint16(len(head)+len(body)))
	return append(head, body...)
}

func controlUnits() []byte {
	units := slices.Concat(
		// A camera, with auto exposure mode (bit 1) and exposure time (bit 3).
		describe(classInterface, 2, cameraTerminal, 0x01, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1<<1|1<<3, 0, 0),
		// A processing unit, with brightness (bit 0).
		describe(classInterface, 5, processingUnit, cameraTerminal, 0, 0, 2, 1<<0, 0, 0),
		describe(classInterface, 3, outputTerminal, 0x01, 0x01, 0, processingUnit, 0),
	)
	// UVC 1.0, a clock of 6 MHz, one stream interface.
	head := describe(classInterface, 1, 0x00, 0x01, 0, 0, 0x80, 0x8d, 0x5b, 0x00, 1, streamInterface)
	return withTotal(head, 5, units)
}

func (c *Camera) streamFormats() []byte {
	const (
		uncompressed      = 4
		uncompressedFrame = 5
		mjpeg             = 6
		mjpegFrame        = 7
	)
	colours := describe(classInterface, 0x0d, 1, 1, 4) // BT.709, BT.601 matrix
	n := byte(len(c.Sizes))
	body := slices.Concat(describe(classInterface, mjpeg, byte(MJPEG+1), n, 1, 1, 0, 0, 0, 0), c.frames(mjpegFrame, MJPEG), colours)
	for _, f := range []struct {
		format Format
		name   string
		bits   byte // a pixel
	}{{YUYV, "YUY2", 16}, {NV12, "NV12", 12}} {
		// A GUID: the name, and the same for all.
		fields := append([]byte{classInterface, uncompressed, byte(f.format + 1), n}, f.name...)
		fields = append(fields, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71, f.bits, 1, 0, 0, 0, 0)
		body = slices.Concat(body, describe(fields...), c.frames(uncompressedFrame, f.format), colours)
	}
	head := describe(classInterface, 1, byte(formats), 0, 0, bulkIn, 0, outputTerminal, 0, 0, 0, 1, 0, 0, 0)
	return withTotal(head, 4, body)
}

func (c *Camera) frames(subtype byte, f Format) []byte {
	var all []byte
	for i, s := range c.Sizes {
		w0, w1 := u16(s.Width)
		h0, h1 := u16(s.Height)
		size := uint32(pictureBytes(f, s))
		b := []byte{classInterface, subtype, byte(i + 1), 0, w0, w1, h0, h1}
		b = binary.LittleEndian.AppendUint32(b, 8*size)                    // bits a second, at least
		b = binary.LittleEndian.AppendUint32(b, 8*size*uint32(c.Rates[0])) // and at most
		b = binary.LittleEndian.AppendUint32(b, size)
		b = binary.LittleEndian.AppendUint32(b, uint32(perSecond/c.Rates[0]))
		b = append(b, byte(len(c.Rates)))
		for _, rate := range c.Rates {
			b = binary.LittleEndian.AppendUint32(b, uint32(perSecond/rate))
		}
		all = append(all, describe(b...)...)
	}
	return all
}
