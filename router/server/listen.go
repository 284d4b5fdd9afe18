package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
)

// keepAlive notices within half a minute that a viewer to whom nothing is sent is gone.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}

// activated takes over the sockets that systemd has opened. If there are any, the default address is not opened.
func activated() (all []*port, err error) {
	listeners, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("the sockets that systemd passed (LISTEN_FDS): %w", err)
	}
	for _, l := range listeners {
		if l != nil { // of another kind, such as a datagram socket
			all = append(all, &port{Listener: activatedListener{l}})
		}
	}
	return all, nil
}

var errInUse = errors.New("the address is in use by another program: stop that one, or choose another port")

// listen opens one address, beside a listener that shares its port if there may be one. Its error says what to do.
func listen(address string, beside bool) (l net.Listener, err error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		l, err = listenUnix(path)
	} else {
		l, err = listenTCP(address, beside)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	return l, nil
}

// listenTCP does not listen by MPTCP, as Go's listeners do by themselves: its connections do not inherit TCP options.
func listenTCP(address string, beside bool) (net.Listener, error) {
	lc := net.ListenConfig{KeepAliveConfig: keepAlive}
	if beside {
		lc.Control = func(_, _ string, raw syscall.RawConn) error { return shareRaw(raw, true) }
	}
	lc.SetMultipathTCP(false)
	l, err := lc.Listen(context.Background(), "tcp", address)
	if err == nil {
		return l, nil
	}
	host, _, _ := net.SplitHostPort(address)
	switch {
	case isAny(err, syscall.EADDRINUSE, windowsAddressInUse):
		return nil, errInUse
	case isAny(err, syscall.EADDRNOTAVAIL, windowsAddressNotAvailable):
		return nil, fmt.Errorf("this machine has no address %s", host)
	case isAny(err, syscall.EACCES, windowsAccess):
		return nil, errors.New("this user may not use the port: choose one above 1023")
	case errors.As(err, new(*net.DNSError)):
		return nil, fmt.Errorf("cannot resolve %s: give an address of this machine", host)
	}
	return nil, bare(err)
}

// Windows' errors, which package syscall does not name.
const (
	windowsAccess              syscall.Errno = 10013
	windowsAddressInUse        syscall.Errno = 10048
	windowsAddressNotAvailable syscall.Errno = 10049
)

func isAny(err error, numbers ...syscall.Errno) bool {
	return slices.ContainsFunc(numbers, func(n syscall.Errno) bool { return errors.Is(err, n) })
}

// bare takes off an error what it says of the operation and the address, which its caller says.
func bare(err error) error {
	if failed := (*net.OpError)(nil); errors.As(err, &failed) {
		err = failed.Err
	}
	if failed := (*os.SyscallError)(nil); errors.As(err, &failed) {
		err = failed.Err
	}
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		err = failed.Err
	}
	return err
}

// longestPath is how many bytes a Unix socket's path may have on Linux (unix(7)); others take a few less.
const longestPath = 107

func listenUnix(path string) (net.Listener, error) {
	l, err := bindUnix(path)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no directory %s", filepath.Dir(path))
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("this user may not create files in %s", filepath.Dir(path))
	case len(path) > longestPath:
		return nil, fmt.Errorf("a socket's path has %d bytes at most: choose a shorter one", longestPath)
	}
	return nil, bare(err)
}

// removeStale removes a socket left behind by a program that was killed.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return bare(err)
	case info.Mode()&fs.ModeSocket == 0:
		return errors.New("there is a file that is not a socket: remove it, or choose another path")
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		conn.Close()
		return errors.New("the socket is in use by another program: stop that one, or choose another path")
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	}
	return bare(err)
}

// An activatedListener was opened by systemd; it gives its connections what those of other listeners have.
type activatedListener struct{ net.Listener }

func (l activatedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetKeepAliveConfig(keepAlive) // if it fails, a dead viewer is only noticed later
	}
	return c, err
}

// addresses returns the URLs at which a browser finds a listener, the most likely first; none for a Unix socket.
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
	interfaces, _ := net.InterfaceAddrs() // without them there is the first address alone
	for _, i := range interfaces {
		if n, ok := i.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			all = append(all, url(n.IP))
		}
	}
	return all
}
