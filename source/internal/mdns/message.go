package mdns

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"mjpegazer/source/internal/idn"
)

// A Query is a question for the addresses of a name.
type Query struct {
	id    uint16
	names []string // the name, also as it is written without IDNA: section 16 wants UTF-8
	types []uint16
}

// Numbers of RFC 1035 section 3.2 and RFC 3596.
const (
	typeA    = 1
	typeAAAA = 28
	classIN  = 1
)

// NewQuery returns the question for a name, and for addresses of IPv4 alone if so wanted.
func NewQuery(name string, ipv4 bool) *Query {
	name = strings.TrimSuffix(name, ".")
	q := &Query{id: uint16(rand.Uint32()), names: []string{name}, types: []uint16{typeA, typeAAAA}}
	if ipv4 {
		q.types = q.types[:1]
	}
	if plain := idn.ToUnicode(name); !strings.EqualFold(plain, name) {
		q.names = append(q.names, plain)
	}
	return q
}

// Packets returns the messages that ask the question, RFC 1035 section 4, one for each kind of address. A name that there
// cannot be has none.
func (q *Query) Packets() (packets [][]byte) {
	for _, name := range q.names {
		encoded, ok := encodeName(name)
		if !ok {
			continue
		}
		for _, kind := range q.types {
			packet := binary.BigEndian.AppendUint16(nil, q.id)
			packet = append(packet, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) // one question
			packet = append(packet, encoded...)
			packet = binary.BigEndian.AppendUint16(packet, kind)
			packets = append(packets, binary.BigEndian.AppendUint16(packet, classIN))
		}
	}
	return packets
}

// encodeName writes a name as labels with their lengths.
func encodeName(name string) (encoded []byte, ok bool) {
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return nil, false
		}
		encoded = append(append(encoded, byte(len(label))), label...)
	}
	return append(encoded, 0), len(encoded) < 255
}

// Answers returns the addresses that a message tells for the name. There are none in a message that is damaged or answers
// another question, and none that would lead to this machine or to many.
func (q *Query) Answers(packet []byte) (addrs []netip.Addr) {
	m := &message{packet: packet}
	id, flags := m.number(), m.number()
	questions := m.number()
	records := int(m.number()) + int(m.number()) + int(m.number())
	const response = 0x8000
	if m.damaged || flags&response == 0 || id != q.id && id != 0 {
		return nil
	}
	for range questions {
		m.name()
		m.take(4)
	}
	for range records {
		name, kind, class := m.name(), m.number(), m.number()
		m.take(4) // the time to live: it is used once
		data := m.take(int(m.number()))
		if m.damaged {
			return nil
		}
		const flush = 0x8000 // section 10.2
		asked := slices.ContainsFunc(q.names, func(n string) bool { return strings.EqualFold(n, name) })
		if !asked || class&^flush != classIN || !slices.Contains(q.types, kind) {
			continue
		}
		addr, ok := netip.AddrFromSlice(data)
		if ok && addr.Is4() == (kind == typeA) && !addr.Is4In6() && !addr.IsLoopback() && !addr.IsMulticast() && !addr.IsUnspecified() {
			addrs = append(addrs, addr)
		}
	}
	return addrs
}

// A message is read from its front. What is missing reads as nothing, and is noted.
type message struct {
	packet  []byte
	at      int
	damaged bool
}

// take returns the next bytes.
func (m *message) take(n int) []byte {
	if m.damaged || n > len(m.packet)-m.at {
		m.damaged = true
		return nil
	}
	m.at += n
	return m.packet[m.at-n : m.at]
}

func (m *message) number() uint16 {
	if b := m.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// name reads a name, which may end in a reference to another, RFC 1035 section 4.1.4.
func (m *message) name() string {
	const most = 128 // labels and references
	var labels []string
	after := -1 // where the message goes on
	for range most {
		length := m.take(1)
		switch {
		case m.damaged:
			return ""
		case length[0] == 0:
			if after >= 0 {
				m.at = after
			}
			return strings.Join(labels, ".")
		case length[0] >= 0xC0:
			low := m.take(1)
			if m.damaged {
				return ""
			}
			if after < 0 {
				after = m.at
			}
			m.at = int(length[0]&0x3F)<<8 | int(low[0])
			m.damaged = m.at > len(m.packet)
		default:
			labels = append(labels, string(m.take(int(length[0]))))
		}
	}
	m.damaged = true
	return ""
}
