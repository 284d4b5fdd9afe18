package mdns_test

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/internal/mdns"
	"mjpegazer/stream/contain"
)

// A network is a PacketConn in memory: answer gets what is sent, and its results arrive.
type network struct {
	net.PacketConn
	answer func(question []byte) [][]byte

	arrive chan []byte
	end    func() // once
	ended  chan struct{}
}

func newNetwork(answer func(question []byte) [][]byte) *network {
	n := &network{answer: answer, arrive: make(chan []byte, 100), ended: make(chan struct{})}
	n.end = sync.OnceFunc(func() { close(n.ended) })
	return n
}

func (n *network) WriteTo(p []byte, _ net.Addr) (int, error) {
	for _, packet := range n.answer(p) {
		n.arrive <- packet
	}
	return len(p), nil
}

func (n *network) ReadFrom(p []byte) (int, net.Addr, error) {
	select {
	case packet := <-n.arrive:
		return copy(p, packet), nil, nil
	case <-n.ended:
		return 0, nil, net.ErrClosed
	}
}

func (n *network) Close() error { n.end(); return nil }

// reply answers a question as section 6.7 wants it, with a record of an address.
func reply(question []byte, addr string, change func(packet []byte)) []byte {
	packet := slices.Clone(question)
	packet[2] = 0x84 // an authoritative response
	packet[7] = 1    // one answer
	ip := netip.MustParseAddr(addr)
	kind := uint16(1)
	if ip.Is6() {
		kind = 28
	}
	packet = append(packet, 0xC0, 12) // the name is that of the question
	packet = binary.BigEndian.AppendUint16(packet, kind)
	packet = append(packet, 0x80, 1, 0, 0, 0, 120)
	packet = binary.BigEndian.AppendUint16(packet, uint16(ip.BitLen()/8))
	packet = append(packet, ip.AsSlice()...)
	if change != nil {
		change(packet)
	}
	return packet
}

// kindOf returns the kind of address that a question is for.
func kindOf(question []byte) string {
	return map[byte]string{1: "A", 28: "AAAA"}[question[len(question)-3]]
}

func TestAsk(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(n int, question []byte) [][]byte
		want   string
		after  time.Duration
	}{
		"at once": {func(n int, q []byte) [][]byte { return [][]byte{reply(q, "192.0.2.1", nil)} }, "192.0.2.1", 0},
		"at the third": {func(n int, q []byte) [][]byte {
			if n < 4 || kindOf(q) != "A" {
				return nil
			}
			return [][]byte{reply(q, "192.0.2.1", nil)}
		}, "192.0.2.1", 2 * time.Second},
		"never": {func(int, []byte) [][]byte { return nil }, "", 3 * time.Second},
		"IPv6 alone": {func(n int, q []byte) [][]byte {
			if kindOf(q) == "A" {
				return nil
			}
			return [][]byte{reply(q, "fe80::1", nil), reply(q, "2001:db8::1", nil), reply(q, "fe80::1", nil)}
		}, "2001:db8::1 fe80::1%lan", 100 * time.Millisecond},
		"any case of letters": {func(n int, q []byte) [][]byte {
			return [][]byte{reply(q, "192.0.2.1", func(p []byte) { p[13] = 'c' })}
		}, "192.0.2.1", 0},
		"without an id": {func(n int, q []byte) [][]byte {
			return [][]byte{reply(q, "192.0.2.1", func(p []byte) { p[0], p[1] = 0, 0 })}
		}, "192.0.2.1", 0},
		"not for us": {func(n int, q []byte) [][]byte {
			return [][]byte{
				q, nil, reply(q, "192.0.2.1", func(p []byte) { p[0]++ }), reply(q, "192.0.2.2", func(p []byte) { p[13]++ }),
				reply(q, "192.0.2.3", nil)[:30], reply(q, "192.0.2.4", func(p []byte) { p[2] = 0 }), reply(q, "127.0.0.1", nil), reply(q, "::1", nil),
				reply(q, "224.0.0.251", nil), reply(q, "0.0.0.0", nil), reply(q, "::ffff:127.0.0.1", nil),
				reply(q, "192.0.2.5", func(p []byte) { p[len(p)-15] = 0xC1 }),
			}
		}, "", 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				lan := newNetwork(func(q []byte) [][]byte {
					n++
					return test.answer(n-1, q)
				})
				begun := time.Now()
				addrs := mdns.NewQuery("Cam.local.", false).Ask(t.Context(), []mdns.Socket{{PacketConn: lan, Zone: "lan"}})
				var got []string
				for _, a := range addrs {
					got = append(got, a.String())
				}
				if strings.Join(got, " ") != test.want || time.Since(begun) != test.after {
					t.Errorf("%v after %v, want %s after %v", got, time.Since(begun), test.want, test.after)
				}
			})
		})
	}
}

// The question ends with the context, and there is none without a network.
func TestAskEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		defer cancel()
		begun := time.Now()
		lan := newNetwork(func([]byte) [][]byte { return nil })
		addrs := mdns.NewQuery("cam.local", false).Ask(ctx, []mdns.Socket{{PacketConn: lan}})
		if len(addrs) > 0 || time.Since(begun) != 700*time.Millisecond {
			t.Errorf("%v after %v", addrs, time.Since(begun))
		}
		if addrs := mdns.NewQuery("cam.local", false).Ask(t.Context(), nil); addrs != nil || time.Since(begun) > time.Second {
			t.Error(addrs)
		}
	})
}

func TestPackets(t *testing.T) {
	for name, want := range map[string]struct {
		ipv4  bool
		names []string
		n     int
	}{
		"cam.local":                         {true, []string{"\x03cam\x05local\x00"}, 1},
		"cam.local.":                        {false, []string{"\x03cam\x05local\x00"}, 2},
		"xn--kche-0ra.local":                {false, []string{"\x0cxn--kche-0ra\x05local\x00", "\x06küche\x05local\x00"}, 4},
		"a..local":                          {false, nil, 0},
		strings.Repeat("a", 64) + ".local":  {false, nil, 0},
		strings.Repeat("a.", 125) + "local": {false, nil, 0},
	} {
		packets := mdns.NewQuery(name, want.ipv4).Packets()
		if len(packets) != want.n {
			t.Errorf("%s: %d packets", name, len(packets))
		}
		for i, packet := range packets {
			if text := want.names[i*len(want.names)/want.n]; !strings.HasPrefix(string(packet[2:]), "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"+text+"\x00") {
				t.Errorf("%s: %q", name, packet)
			}
		}
	}
}

func TestIsName(t *testing.T) {
	for name, want := range map[string]bool{"cam.local": true, "A.B.LOCAL.": true, "local": false, "cam.local.lan": false, "camlocal": false} {
		if mdns.IsName(name) != want {
			t.Error(name)
		}
	}
}

// A name that nobody has is looked up in vain in the networks of this machine, and in no more than 3 s.
func TestLookup(t *testing.T) {
	begun := time.Now()
	if addrs := mdns.Lookup(t.Context(), "no-such-camera-7f3a.local", true); len(addrs) > 0 || time.Since(begun) > 15*time.Second {
		t.Errorf("%v after %v", addrs, time.Since(begun))
	}
}

// FuzzAnswers: whatever comes, no address leads to this machine, and a good answer among rubbish is read if the rubbish can be.
func FuzzAnswers(f *testing.F) {
	q := mdns.NewQuery("cam.local", false)
	question := q.Packets()[0]
	f.Add(reply(question, "192.0.2.1", nil))
	f.Add(append(question, 0xC0, 12, 0, 1))
	f.Add([]byte("\x00\x00\x84\x00\xff\xff\xff\xff\xff\xff\xff\xff\xc0\x0c"))
	f.Fuzz(func(t *testing.T, packet []byte) {
		if len(packet) > 2 {
			packet[0], packet[1] = 0, 0
		}
		for _, a := range q.Answers(packet) {
			if !a.IsValid() || a.IsLoopback() || a.IsMulticast() || a.IsUnspecified() {
				t.Error(a)
			}
		}
		after := append(reply(question, "192.0.2.1", nil), packet...)
		if got := q.Answers(after); len(got) != 1 || got[0].String() != "192.0.2.1" {
			t.Errorf("%v", got)
		}
	})
}

// What a packet does to the parser must not end the program: it is passed on to the one who asked.
func TestPanicComesToTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if p, ok := recover().(*contain.Panic); !ok || !strings.Contains(p.Stack, "badNetwork") {
				t.Error(p)
			}
		}()
		lan := badNetwork{newNetwork(func([]byte) [][]byte { return nil })}
		addrs := mdns.NewQuery("cam.local", false).Ask(t.Context(), []mdns.Socket{{PacketConn: lan}})
		t.Error("no panic:", addrs)
	})
}

type badNetwork struct{ *network }

func (badNetwork) ReadFrom([]byte) (int, net.Addr, error) { panic("oh") }
