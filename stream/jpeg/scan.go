package jpeg

import (
	"fmt"
	"slices"
)

// scanHeader reads a scan header (B.2.3).
func (r *reading) scanHeader(p []byte) error {
	if len(p) < 1 || len(p) != 4+2*int(p[0]) || p[0] < 1 || p[0] > 4 || r.sof == 0 {
		return fmt.Errorf("%w: a scan header makes no sense", ErrBroken)
	}
	if r.tablesKnown == ([2][4]bool{}) {
		if err := r.huffman(append(r.entropy.data[:0], standardTables[4:]...)); err != nil {
			return err
		}
	}
	n := int(p[0])
	r.scanned = r.room[:n]
	for i := range r.scanned {
		id, dc, ac := p[1+2*i], p[2+2*i]>>4, p[2+2*i]&15
		c := r.component(id)
		// A sequential picture has each component in one scan: whatever it says, it is not drawn more than once.
		if c == nil || c.seen || slices.Contains(r.scanned[:i], c) {
			return fmt.Errorf("%w: a scan of a component that there is not, or of one twice", ErrBroken)
		}
		if dc > 3 || ac > 3 || !r.tablesKnown[0][dc] || !r.tablesKnown[1][ac] || !r.stepsKnown[c.steps] {
			return fmt.Errorf("%w: a scan lacks a table", ErrBroken)
		}
		c.dc, c.ac = r.tables[0][dc], r.tables[1][ac]
		r.scanned[i] = c
	}
	for _, c := range r.scanned {
		c.seen = true
	}
	if n == 1 { // A.2.2
		r.across, r.down = r.scanned[0].width, r.scanned[0].height
	} else {
		r.across, r.down = ceilDiv(r.width, 8*r.h), ceilDiv(r.height, 8*r.v)
	}
	return nil
}

func (r *header) component(id byte) *component {
	for i := range r.components {
		if r.components[i].id == id {
			return &r.components[i]
		}
	}
	return nil
}

// scan reads entropy-coded data, one restart interval after the other, and returns what follows it.
func (r *reading) scan(p []byte, to receiver) (rest []byte) {
	total, at, next := r.across*r.down, 0, byte(0)
	for stale := false; ; {
		r.entropy.data, rest = unstuff(r.entropy.data[:0], p)
		if !stale {
			at = r.interval(at, total, to)
		}
		if len(rest) < 2 || rest[1]&^7 != markerRST0 {
			break
		}
		// A marker that is ahead by a few says that intervals were lost, one that is behind that its own is not wanted.
		ahead := (rest[1] - next) & 7
		stale = r.restart > 0 && ahead > 4
		if !stale {
			lost := at + min(int(ahead)*r.restart, total-at)
			r.lose(at, lost, to)
			at, next = lost, (rest[1]+1)&7
		}
		r.damaged = r.damaged || ahead > 0 || r.restart == 0
		p = rest[2:]
	}
	r.lose(at, total, to)
	return rest
}

// interval reads the MCUs of one restart interval, and returns where the next begins.
func (r *reading) interval(at, total int, to receiver) int {
	end := total
	if r.restart > 0 {
		end = min(at+r.restart, total)
	}
	r.entropy.reset()
	for _, c := range r.scanned {
		c.prediction = 0
	}
	x, y := at%r.across, at/r.across
	for at < end && to.unit(x, y) && !r.entropy.overrun() {
		at++
		if x++; x == r.across {
			x, y = 0, y+1
		}
	}
	if r.restart > 0 {
		r.lose(at, end, to)
		return end
	}
	return at
}

// lose notes that MCUs are not there.
func (r *reading) lose(from, to int, receiver receiver) {
	if from < to {
		r.damaged = true
		receiver.missing(from, to)
	}
}
