package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
)

// keepAlive notices within half a minute that a viewer without a stream is gone.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}

// listenAll opens all addresses to serve on, and takes those that systemd has opened. If it has, the default address is
// not wanted.
func listenAll(addresses list) (all []net.Listener, err error) {
	defer func() {
		if err != nil {
			closeAll(all)
			all = nil
		}
	}()
	activated, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("the sockets that systemd passes (LISTEN_FDS): %w", err)
	}
	for _, l := range activated {
		if l != nil { // of another kind, such as a datagram socket
			all = append(all, activatedListener{l})
		}
	}
	if len(all) > 0 && !addresses.given {
		return all, nil
	}
	for _, address := range addresses.values {
		l, err := listen(address)
		if err != nil {
			return all, err
		}
		all = append(all, l)
	}
	return all, nil
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		l.Close()
	}
}

// listen opens one address. Go's listeners would be MPTCP, whose connections do not inherit TCP options.
func listen(address string) (net.Listener, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return listenUnix(path)
	}
	lc := net.ListenConfig{KeepAliveConfig: keepAlive}
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

// socketMode lets the owner and the group look: a proxy's user goes into the group.
const socketMode = 0o660

func listenUnix(path string) (net.Listener, error) {
	if err := removeStale(path); err != nil {
		return nil, fmt.Errorf("-listen unix:%s: %w", path, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("-listen unix:%s: %w", path, err)
	}
	if err := os.Chmod(path, socketMode); err != nil {
		l.Close()
		return nil, fmt.Errorf("-listen unix:%s: %w", path, err)
	}
	return l, nil
}

// removeStale removes a socket that a program left behind which did not end as it should.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return errors.New("there is something else than a socket: remove it, or choose another name")
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		conn.Close()
		return errors.New("it is in use by another program: stop it, or choose another name")
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	}
	return err
}

// An activatedListener was opened by systemd; its connections are then as those of any other.
type activatedListener struct{ net.Listener }

func (l activatedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetKeepAliveConfig(keepAlive) // without it the viewer's end is noticed later
	}
	return c, err
}

// addresses are those at which a browser finds a listener, the likeliest first; none for a Unix socket.
func addresses(l net.Listener, secure bool) []string {
	a, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return nil
	}
	scheme := "http"
	if secure {
		scheme = "https"
	}
	url := func(ip net.IP) string {
		return fmt.Sprintf("%s://%s/", scheme, (&net.TCPAddr{IP: ip, Port: a.Port}).String())
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
