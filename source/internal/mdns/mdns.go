// Package mdns resolves names that end in .local, those of multicast DNS (RFC 6762): no server knows them, the machines answer
// themselves. Go's resolver asks servers alone where it is built without cgo, so the question is asked here, as a one-shot
// query (section 5.1), which is answered to the port that it comes from.
package mdns

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mjpegazer/stream/contain"
)

const (
	port       = 5353
	askAgain   = time.Second            // after a question that nobody has answered
	askTime    = 3 * time.Second        // for all questions
	moreTime   = 100 * time.Millisecond // for better answers after the first
	maxSockets = 32
	maxMessage = 9000 // bytes: section 17
)

// IsName reports whether a name is one of multicast DNS.
func IsName(name string) bool {
	return strings.HasSuffix(strings.ToLower(strings.TrimSuffix(name, ".")), ".local")
}

// Lookup asks all networks that this machine is in for the addresses of a name, which may be in the ASCII form of IDNA. It
// returns them in the order in which they should be tried, and none where nobody answers within 3 s.
func Lookup(ctx context.Context, name string, ipv4 bool) []netip.Addr {
	return NewQuery(name, ipv4).Ask(ctx, sockets())
}

// A Socket is a socket in one network, where it is closed after use.
type Socket struct {
	net.PacketConn
	Group net.Addr // that is asked
	Zone  string   // of the network, for addresses that are good for one link
}

// sockets returns sockets for all networks.
func sockets() (all []Socket) {
	interfaces, _ := net.Interfaces()
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagMulticast == 0 {
			continue
		}
		addrs, _ := i.Addrs()
		for _, ipv4 := range []bool{true, false} {
			at := slices.IndexFunc(addrs, func(a net.Addr) bool { return suits(a, ipv4) })
			if at < 0 || len(all) == maxSockets {
				continue
			}
			// A socket that is bound to an address sends multicasts where that address is.
			local := &net.UDPAddr{IP: addrs[at].(*net.IPNet).IP}
			group, network := &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: port}, "udp4"
			if !ipv4 {
				local.Zone = i.Name
				group, network = &net.UDPAddr{IP: net.ParseIP("ff02::fb"), Port: port, Zone: i.Name}, "udp6"
			}
			if conn, err := net.ListenUDP(network, local); err == nil {
				all = append(all, Socket{conn, group, i.Name})
			}
		}
	}
	return all
}

// suits reports whether questions may come from an address: any of IPv4, or one of the link of IPv6.
func suits(addr net.Addr, ipv4 bool) bool {
	prefix, ok := addr.(*net.IPNet)
	if !ok {
		return false
	}
	if ipv4 {
		return prefix.IP.To4() != nil
	}
	return prefix.IP.To4() == nil && prefix.IP.IsLinkLocalUnicast()
}

// Ask sends the question until it is answered or too much time has passed, as [Lookup] does. It closes the sockets.
func (q *Query) Ask(ctx context.Context, sockets []Socket) (addrs []netip.Addr) {
	if len(sockets) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	heard := make(chan []netip.Addr)
	var reading contain.Group
	defer reading.Wait()
	defer cancel()
	for _, s := range sockets {
		defer s.Close()
		reading.Go(func() { q.listen(ctx, s, heard) })
	}
	again := time.NewTicker(askAgain)
	defer again.Stop()
	var enough <-chan time.Time
	q.send(sockets)
	for {
		select {
		case more := <-heard:
			addrs = append(addrs, more...)
			if slices.ContainsFunc(addrs, netip.Addr.Is4) {
				return inOrder(addrs)
			}
			enough = time.After(moreTime)
		case <-again.C:
			q.send(sockets)
		case <-enough:
			return inOrder(addrs)
		case <-ctx.Done():
			return inOrder(addrs)
		}
	}
}

func (q *Query) send(sockets []Socket) {
	packets := q.Packets()
	for _, s := range sockets {
		for _, packet := range packets {
			s.WriteTo(packet, s.Group) // another network may do
		}
	}
}

// listen passes on what answers say until the socket is closed.
func (q *Query) listen(ctx context.Context, s Socket, heard chan<- []netip.Addr) {
	packet := make([]byte, maxMessage)
	for {
		n, _, err := s.ReadFrom(packet)
		if err != nil {
			return
		}
		addrs := q.Answers(packet[:n])
		for i, a := range addrs {
			if isOfLink(a) {
				addrs[i] = a.WithZone(s.Zone)
			}
		}
		if len(addrs) == 0 {
			continue
		}
		select {
		case heard <- addrs:
		case <-ctx.Done():
			return
		}
	}
}

func isOfLink(a netip.Addr) bool { return a.Is6() && a.IsLinkLocalUnicast() }

// inOrder returns the addresses as they should be tried: those of IPv6 that are good for one link come last.
func inOrder(addrs []netip.Addr) []netip.Addr {
	rank := func(a netip.Addr) int {
		switch {
		case a.Is4():
			return 0
		case !isOfLink(a):
			return 1
		}
		return 2
	}
	slices.SortFunc(addrs, func(a, b netip.Addr) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return a.Compare(b)
	})
	return slices.Compact(addrs)
}
