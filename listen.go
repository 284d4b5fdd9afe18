package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// listen opens the address to serve on. Go's listeners would be MPTCP, whose connections do not inherit TCP options.
func listen(address string) (net.Listener, error) {
	lc := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	lc.SetMultipathTCP(false)
	l, err := lc.Listen(context.Background(), "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program: stop it, or choose another port with -listen", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s is not allowed for this user: choose a port above 1023 with -listen", address)
	case err != nil:
		return nil, fmt.Errorf("-listen %s: %w", address, err)
	}
	return l, nil
}

// addresses are those at which a browser finds a listener, the likeliest first.
func addresses(l net.Listener) []string {
	a, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return []string{l.Addr().String()}
	}
	url := func(ip net.IP) string {
		return fmt.Sprintf("http://%s/", (&net.TCPAddr{IP: ip, Port: a.Port}).String())
	}
	if !a.IP.IsUnspecified() {
		return []string{url(a.IP)}
	}
	all := []string{url(net.IPv4(127, 0, 0, 1))}
	interfaces, _ := net.InterfaceAddrs() // without them the first address is told alone
	for _, i := range interfaces {
		if n, ok := i.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			all = append(all, url(n.IP))
		}
	}
	return all
}
