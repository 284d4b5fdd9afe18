package jpeg_test

import (
	"encoding/binary"
	"math"

	"mjpegazer/stream/jpeg"
)

// maker writes JPEGs of kinds that no encoder at hand writes, slowly and plainly from the text of T.81, and knows their
// samples by a transform in floating point.
type maker struct {
	width, height int
	components    []made
	steps         [64]uint16 // of all components, in natural order
	wide          bool       // quantization tables of 16 bits
	restart       int
	scans         [][]int // components of each; nil: one of all
	sof           byte    // 0: C0; C2 is written as a scan of DC and one of AC for each component
	dnl           bool    // the height is written behind the first scan
	noTables      bool
	app           string // a whole segment
}

type made struct {
	id   byte
	h, v int
	// at returns a sample of the component's own.
	at func(x, y int) uint8

	across, down int // blocks
	blocks       [][64]int
	samples      []uint8 // what a decoder should see, 8*across wide
}

// zigzag, figure A.6.
var zigzag = func() (order [64]int) {
	x, y := 0, 0
	for i := range order {
		order[i] = y*8 + x
		switch up := (x+y)%2 == 0; {
		case up && x == 7, !up && y != 7 && x == 0:
			y++
		case up && y == 0, !up && y == 7:
			x++
		case up:
			x, y = x+1, y-1
		default:
			x, y = x-1, y+1
		}
	}
	return order
}()

var cosines = func() (c [8][8]float64) {
	for x := range 8 {
		for u := range 8 {
			c[x][u] = math.Cos(float64(2*x+1)*float64(u)*math.Pi/16) / 2
			if u == 0 {
				c[x][u] = math.Sqrt2 / 4
			}
		}
	}
	return c
}()

// transform goes through a block in both directions: f of samples is coefficients (A.3.3).
func transform(block [64]float64, cosine func(from, to int) float64) [64]float64 {
	for range 2 {
		var turned [64]float64
		for y := range 8 {
			for to := range 8 {
				for from := range 8 {
					turned[to*8+y] += block[y*8+from] * cosine(from, to)
				}
			}
		}
		block = turned
	}
	return block
}

func forward(from, to int) float64  { return cosines[from][to] }
func backward(from, to int) float64 { return cosines[to][from] }

func (m *maker) factors() (h, v int) {
	for _, c := range m.components {
		h, v = max(h, c.h), max(v, c.v)
	}
	return h, v
}

func up(a, b int) int { return (a + b - 1) / b }

// compress fills the blocks.
func (m *maker) compress() {
	h, v := m.factors()
	for i := range m.components {
		c := &m.components[i]
		c.across, c.down = up(m.width, 8*h)*c.h, up(m.height, 8*v)*c.v
		w, rows := up(m.width*c.h, h), up(m.height*c.v, v)
		c.blocks = make([][64]int, c.across*c.down)
		for n := range c.blocks {
			bx, by := n%c.across, n/c.across
			var b [64]float64
			for j := range b {
				b[j] = float64(c.at(min(bx*8+j%8, w-1), min(by*8+j/8, rows-1))) - 128
			}
			b = transform(b, forward)
			for j := range b {
				c.blocks[n][j] = max(-1023, min(1023, int(math.Round(b[j]/float64(m.steps[j])))))
			}
		}
	}
}

// render fills the samples.
func (m *maker) render() {
	for i := range m.components {
		c := &m.components[i]
		c.samples = make([]uint8, 64*len(c.blocks))
		for n := range c.blocks {
			var b [64]float64
			for j := range b {
				b[j] = float64(c.blocks[n][j]) * float64(m.steps[j])
			}
			b = transform(b, backward)
			for j, sample := range b {
				c.samples[(n/c.across*8+j/8)*8*c.across+n%c.across*8+j%8] = uint8(max(0, min(255, math.Round(sample+128))))
			}
		}
	}
}

// picture returns the JPEG.
func (m *maker) picture() []byte {
	m.compress()
	m.render()
	b := []byte("\xff\xd8" + m.app)
	b = append(b, 0xff, 0xdb, 0, 67, 0)
	if m.wide {
		b = append(b[:len(b)-3], 0, 131, 0x10)
	}
	for _, natural := range zigzag {
		if m.wide {
			b = append(b, byte(m.steps[natural]>>8))
		}
		b = append(b, byte(m.steps[natural]))
	}
	n := len(m.components)
	b = append(b, 0xff, max(m.sof, 0xc0), 0, byte(8+3*n), 8)
	height := m.height
	if m.dnl {
		height = 0
	}
	b = binary.BigEndian.AppendUint16(b, uint16(height))
	b = binary.BigEndian.AppendUint16(b, uint16(m.width))
	b = append(b, byte(n))
	for _, c := range m.components {
		b = append(b, c.id, byte(c.h<<4|c.v), 0)
	}
	if !m.noTables {
		b = append(b, jpeg.Info{NoTables: true}.Missing()...)
	}
	if m.restart > 0 {
		b = append(b, 0xff, 0xdd, 0, 4, byte(m.restart>>8), byte(m.restart))
	}
	scans := m.scans
	if scans == nil {
		scans = [][]int{nil}
		for i := range n {
			scans[0] = append(scans[0], i)
		}
	}
	for i, scan := range scans {
		if m.sof == 0xc2 {
			b = m.scan(b, scan, 0, 0)
			for _, component := range scan {
				b = m.scan(b, []int{component}, 1, 63)
			}
			continue
		}
		b = m.scan(b, scan, 0, 63)
		if i == 0 && m.dnl {
			b = append(b, 0xff, 0xdc, 0, 4, byte(m.height>>8), byte(m.height))
		}
	}
	return append(b, 0xff, 0xd9)
}

// scan appends a scan of components, of some of the coefficients.
func (m *maker) scan(b []byte, scan []int, from, to int) []byte {
	b = append(b, 0xff, 0xda, 0, byte(6+2*len(scan)), byte(len(scan)))
	for _, i := range scan {
		b = append(b, m.components[i].id, byte(min(i, 1)*0x11))
	}
	b = append(b, byte(from), byte(to), 0)
	h, v := m.factors()
	across, down := up(m.width, 8*h), up(m.height, 8*v)
	if len(scan) == 1 {
		c := m.components[scan[0]]
		across, down = up(up(m.width*c.h, h), 8), up(up(m.height*c.v, v), 8)
	}
	w := writer{out: b}
	var last [4]int
	for n := range across * down {
		if m.restart > 0 && n > 0 && n%m.restart == 0 {
			w.restart(n/m.restart - 1)
			last = [4]int{}
		}
		for _, i := range scan {
			c := m.components[i]
			if len(scan) == 1 {
				c.h, c.v = 1, 1
			}
			for j := range c.h * c.v {
				x, y := n%across*c.h+j%c.h, n/across*c.v+j/c.h
				block := c.blocks[y*c.across+x]
				if from == 0 {
					w.difference(block[0]-last[i], min(i, 1))
				}
				if to > 0 {
					w.rest(block, min(i, 1))
				}
				last[i] = block[0]
			}
		}
	}
	w.align()
	return w.out
}
