//go:build linux

package usbcam

import "encoding/binary"

// Requests (USB 2.0, 9.4; UVC 1.1, A.8).
const (
	getStatus        = 0x00
	getDescriptor    = 0x06
	getConfiguration = 0x08
	getInterface     = 0x0a

	setCurrent = 0x01
	getCurrent = 0x81
	getMin     = 0x82
	getMax     = 0x83
	getStep    = 0x84
	getLength  = 0x85
	getInfo    = 0x86
	getDefault = 0x87
)

// The interfaces.
const (
	controlInterface = iota
	streamInterface
)

// The units and terminals.
const (
	cameraTerminal = iota + 1
	processingUnit
	outputTerminal
)

// Selectors of the stream interface (UVC 1.1, A.9.8).
const (
	probe  = 1
	commit = 2
)

// controlKey is where a control is: its unit and its selector.
type controlKey struct{ unit, selector byte }

// ranges are the controls that the camera has.
var ranges = map[controlKey]struct {
	name                   string
	min, max, step, preset int
	size                   int // in bytes
}{
	{processingUnit, 0x02}: {"brightness", -64, 64, 1, 0, 2},
	// Step is the set of modes there are: 1 manual, 8 aperture priority.
	{cameraTerminal, 0x02}: {"auto exposure", 0, 0, 1 | 8, 8, 1},
	{cameraTerminal, 0x04}: {"exposure time", 1, 5000, 1, 156, 4},
}

// control answers a request to endpoint 0.
func (c *Camera) control(r request) (data []byte, ok bool) {
	const (
		direction = 0x80
		kind      = 0x60
		class     = 0x20
	)
	if r.setup[0]&kind == class {
		return c.classRequest(r)
	}
	if r.setup[0]&direction == 0 {
		return nil, true // SET_CONFIGURATION and SET_INTERFACE have one to choose from, CLEAR_FEATURE nothing to do
	}
	switch r.setup[1] {
	case getStatus:
		return []byte{1, 0}, true
	case getDescriptor:
		return c.descriptor(r.setup[3], r.setup[2])
	case getConfiguration:
		return []byte{1}, true
	case getInterface:
		return []byte{0}, true
	}
	return nil, false
}

func (c *Camera) classRequest(r request) (data []byte, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	what, selector, iface, unit := r.setup[1], r.setup[3], r.setup[4], r.setup[5]
	if iface == streamInterface {
		return c.negotiate(what, selector, r.data)
	}
	key := controlKey{unit, selector}
	limits, ok := ranges[key]
	if !ok {
		return nil, false
	}
	value := 0
	switch what {
	case setCurrent:
		c.controls[key] = signed(r.data)
		return nil, true
	case getCurrent:
		value = c.controls[key]
	case getMin:
		value = limits.min
	case getMax:
		value = limits.max
	case getStep:
		value = limits.step
	case getDefault:
		value = limits.preset
	case getLength:
		return []byte{byte(limits.size), 0}, true
	case getInfo:
		return []byte{3}, true // can be read and set
	default:
		return nil, false
	}
	return binary.LittleEndian.AppendUint64(nil, uint64(value))[:limits.size], true
}

// signed reads a number of one, two or four bytes.
func signed(b []byte) int {
	switch len(b) {
	case 1:
		return int(int8(b[0]))
	case 2:
		return int(int16(binary.LittleEndian.Uint16(b)))
	case 4:
		return int(int32(binary.LittleEndian.Uint32(b)))
	}
	return 0
}

// negotiation is about a stream (UVC 1.0, 4.3.1.1: 26 bytes).
type negotiation struct {
	format, size byte   // from 1; 0: none
	interval     uint32 // between pictures, in 100 ns
}

const (
	maxPayload = 16 << 10
	perSecond  = 10_000_000 // intervals of 100 ns
)

// offer is what the camera makes of a wish: something that it has.
func (c *Camera) offer(format, size byte, interval uint32) negotiation {
	n := negotiation{
		format:   min(max(format, 1), byte(formats)),
		size:     min(max(size, 1), byte(len(c.Sizes))),
		interval: uint32(perSecond / c.Rates[0]),
	}
	for _, rate := range c.Rates {
		if i := uint32(perSecond / rate); apart(i, interval) < apart(n.interval, interval) && interval != 0 {
			n.interval = i
		}
	}
	return n
}

func apart(a, b uint32) uint32 { return max(a, b) - min(a, b) }

func (c *Camera) negotiate(what, selector byte, data []byte) ([]byte, bool) {
	switch {
	case selector != probe && selector != commit:
		return nil, false
	case what == setCurrent && len(data) >= 8:
		n := c.offer(data[2], data[3], binary.LittleEndian.Uint32(data[4:]))
		if selector == probe {
			c.trying = n
		} else {
			c.set = n
			c.streams++
		}
		return nil, true
	case what == getLength:
		return []byte{26, 0}, true
	case what == getInfo:
		return []byte{3}, true
	case what == getCurrent && selector == commit:
		return c.bytes(c.set), true
	case what == getCurrent:
		return c.bytes(c.trying), true
	case what == getMin || what == getMax || what == getDefault:
		return c.bytes(c.offer(c.trying.format, c.trying.size, 0)), true
	}
	return nil, false
}

func (c *Camera) bytes(n negotiation) []byte {
	b := make([]byte, 26)
	b[0], b[2], b[3] = 1, n.format, n.size
	binary.LittleEndian.PutUint32(b[4:], n.interval)
	if n.size != 0 {
		s := c.Sizes[n.size-1]
		binary.LittleEndian.PutUint32(b[18:], uint32(pictureBytes(Format(n.format-1), s)))
	}
	binary.LittleEndian.PutUint32(b[22:], maxPayload)
	return b
}

// pictureBytes is how large a picture is at most.
func pictureBytes(f Format, s Size) int {
	if f == NV12 {
		return s.Width * s.Height * 3 / 2
	}
	return s.Width * s.Height * 2
}
