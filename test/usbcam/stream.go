//go:build linux

package usbcam

import "time"

// Bits of a payload's header (UVC 1.0, 2.4.3.3).
const (
	frameID     = 1 << 0 // changes with every picture
	endOfFrame  = 1 << 1
	damaged     = 1 << 6
	endOfHeader = 1 << 7
)

// stream sends pictures while the driver wants them, until the camera is unplugged.
func (c *Camera) stream() {
	var id byte
	var number, turn int
	due := time.Now()
	for c.wanted() {
		s, streams := c.current()
		if streams != turn {
			turn, number, due = streams, 0, time.Now()
		}
		p := c.Picture(s, number)
		number++
		interval := time.Second / time.Duration(s.Rate)
		due = due.Add(interval)
		if late := time.Since(due); late > interval {
			due = time.Now()
		}
		select {
		case <-time.After(time.Until(due)):
		case <-c.bus.closed:
			return
		}
		if p.Data == nil {
			continue
		}
		id ^= frameID
		if !c.send(p, id, turn) {
			return
		}
	}
}

// wanted waits until the driver asks for pictures; false says that the camera was unplugged.
func (c *Camera) wanted() bool {
	for c.bus.idle() {
		select {
		case <-c.bus.arrived:
		case <-c.bus.closed:
			return false
		}
	}
	return true
}

func (c *Camera) current() (s Stream, streams int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.set
	if n.format == 0 {
		n = c.trying
	}
	return Stream{Format(n.format - 1), c.Sizes[n.size-1], int(perSecond / n.interval)}, c.streams
}

// send sends a picture in payloads, each into one request. A picture is given up when the driver has begun another
// stream; false says that the camera was unplugged.
func (c *Camera) send(p Picture, id byte, turn int) bool {
	rest := p.Data
	payload := make([]byte, 0, maxPayload)
	for len(rest) > 0 {
		ok := c.bus.answer(func(size int) []byte {
			part := rest[:min(len(rest), size-2, maxPayload-2)]
			rest = rest[len(part):]
			info := byte(endOfHeader) | id
			if p.Damaged {
				info |= damaged
			}
			if len(rest) == 0 {
				info |= endOfFrame
			}
			payload = append(payload[:0], 2, info)
			payload = append(payload, part...)
			return payload
		})
		if ok {
			continue
		}
		if !c.wanted() {
			return false
		}
		if _, streams := c.current(); streams != turn {
			return true
		}
	}
	return true
}
