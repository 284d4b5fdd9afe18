package access

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the proxies that are trusted to say for which client they ask. The zero value trusts none.
type Proxies struct {
	Networks []netip.Prefix
	Unix     bool // all that connect through a Unix socket
}

// ParseProxies reads networks such as 10.0.0.0/8, IP addresses, and the word unix.
func ParseProxies(texts []string) (Proxies, error) {
	var p Proxies
	for _, text := range texts {
		if text == "unix" {
			p.Unix = true
		} else if network, err := netip.ParsePrefix(text); err == nil {
			p.Networks = append(p.Networks, network.Masked())
		} else if address, err := netip.ParseAddr(text); err == nil {
			p.Networks = append(p.Networks, netip.PrefixFrom(address, address.BitLen()))
		} else {
			return p, errors.New("a proxy is an IP address, a network such as 10.0.0.0/8, or unix")
		}
	}
	return p, nil
}

func (p Proxies) trust(address netip.Addr) bool {
	for _, network := range p.Networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// Client returns the IP address that a request comes from, or "unix" for a Unix socket. Where that is a trusted proxy it is what
// X-Forwarded-For, or else Forwarded (RFC 7239), says: each proxy appends the address that it saw, so the last one that is no
// trusted proxy counts, and all before it may be invented.
func (c *Control) Client(r *http.Request) string {
	if c == nil {
		c = &Control{}
	}
	client, unix := "unix", true
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		address := peer.Addr().Unmap()
		client, unix = address.String(), false
		if !c.Proxies.trust(address) {
			return client
		}
	} else if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && local.Network() != "unix" {
		client = r.RemoteAddr // of a network that has addresses of its own
	}
	if unix && !c.Proxies.Unix {
		return client
	}
	hops := forwarded(r.Header)
	for i := len(hops) - 1; i >= 0; i-- {
		address, ok := hopAddress(hops[i])
		if !ok {
			break
		}
		if client = address.String(); !c.Proxies.trust(address) {
			break
		}
	}
	return client
}

// forwarded returns the addresses that proxies saw, the last proxy's last.
func forwarded(h http.Header) []string {
	if lines := h.Values("X-Forwarded-For"); len(lines) > 0 {
		return strings.Split(strings.Join(lines, ","), ",")
	}
	var hops []string
	for _, element := range strings.Split(strings.Join(h.Values("Forwarded"), ","), ",") {
		for _, pair := range strings.Split(element, ";") {
			if name, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok && strings.EqualFold(name, "for") {
				hops = append(hops, strings.Trim(value, `"`))
			}
		}
	}
	return hops
}

// hopAddress reads an address with or without a port and, for IPv6, with or without brackets.
func hopAddress(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if a, err := netip.ParseAddrPort(text); err == nil {
		return a.Addr().WithZone("").Unmap(), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return a.WithZone("").Unmap(), err == nil
}
