package httpcam

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"mjpegazer/source/internal/mdns"
	"mjpegazer/stream/contain"
)

// dial makes a new connection.
func (t *transport) dial(ctx context.Context, u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return problem("the camera redirects to an address that is neither http nor https")
	}
	origin := originOf(u)
	_, addr, _ := strings.Cut(origin, "://")
	open := t.connect
	if u.Scheme == "https" {
		open = t.connectTLS
	}
	conn, wire, err := open(ctx, addr)
	if err != nil {
		return err
	}
	c := &connection{Conn: conn, wire: wire, origin: origin, idle: t.camera.idleTime()}
	c.stop = context.AfterFunc(ctx, func() { wire.Close() })
	c.in = bufio.NewReader(c)
	t.conn = c
	t.remote = netip.Addr{}
	if remote, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		t.remote = remote.Addr().Unmap().WithZone("")
	}
	t.camera.trace(Connected, conn.RemoteAddr().String())
	return nil
}

// connect dials within DialTime. Both results are the connection.
func (t *transport) connect(ctx context.Context, addr string) (conn, wire net.Conn, err error) {
	network, dial := "tcp", t.camera.DialContext
	if t.camera.IPv4 {
		network = "tcp4"
	}
	if dial == nil {
		dial = t.dialNet
	}
	t.camera.trace(Dialing, addr)
	limited, cancel := context.WithTimeout(ctx, t.camera.dialTime())
	defer cancel()
	wire, err = dial(limited, network, addr)
	var unknown *net.DNSError
	if err != nil && limited.Err() != nil && ctx.Err() == nil && !errors.As(err, &unknown) {
		err = problem("the camera did not accept the connection within " + t.camera.dialTime().String() + ": is it switched on, and is the address right?")
	}
	return wire, wire, err
}

// dialNet dials as [net.Dialer] does, and knows names of mDNS.
func (t *transport) dialNet(ctx context.Context, network, addr string) (net.Conn, error) {
	dialer := &net.Dialer{}
	if host, port, _ := net.SplitHostPort(addr); mdns.IsName(host) {
		return t.dialLocal(ctx, dialer, network, host, port)
	}
	return dialer.DialContext(ctx, network, addr)
}

// dialLocal dials a name of multicast DNS, which the system may know as well.
func (t *transport) dialLocal(ctx context.Context, dialer *net.Dialer, network, host, port string) (conn net.Conn, err error) {
	addrs, asked := lookupLocal(ctx, network, host)
	if len(addrs) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if asked {
		t.camera.trace(Resolved, "by mDNS")
	}
	deadline, _ := ctx.Deadline()
	for i, addr := range addrs {
		limited, cancel := context.WithTimeout(ctx, time.Until(deadline)/time.Duration(len(addrs)-i))
		conn, err = dialer.DialContext(limited, network, net.JoinHostPort(addr.String(), port))
		cancel()
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	return conn, err
}

// lookupLocal asks the system and the network at the same time, and returns the addresses of the first that knows the name;
// none if neither does.
func lookupLocal(ctx context.Context, network, host string) (addrs []netip.Addr, multicast bool) {
	ctx, cancel := context.WithCancel(ctx)
	var asking contain.Group
	defer asking.Wait()
	defer cancel()
	type answer struct {
		addrs     []netip.Addr
		multicast bool
	}
	answers := make(chan answer, 2)
	ask := func(multicast bool, lookup func() []netip.Addr) {
		asking.Go(func() {
			a := answer{multicast: multicast}
			defer func() { answers <- a }()
			a.addrs = lookup()
		})
	}
	ask(false, func() []netip.Addr {
		addrs, _ := net.DefaultResolver.LookupNetIP(ctx, strings.Replace(network, "tcp", "ip", 1), host)
		return addrs
	})
	ask(true, func() []netip.Addr { return mdns.Lookup(ctx, host, network == "tcp4") })
	for range 2 {
		if a := <-answers; len(a.addrs) > 0 {
			return a.addrs, a.multicast
		}
	}
	return nil, false
}

// silenceTime is how long a camera may be silent after a ClientHello that may be too large for it.
const silenceTime = 5 * time.Second

// connectTLS connects and starts TLS. The keys of post-quantum cryptography make a ClientHello of 1.5 KB; a camera that hangs
// up, is silent or says that it cannot read it gets a small one, on a new connection, and from then on only small ones.
func (t *transport) connectTLS(ctx context.Context, addr string) (conn, wire net.Conn, err error) {
	kept := &t.camera.kept
	small := kept.wantsSmall() || t.tls.CurvePreferences != nil
	for {
		if wire, _, err = t.connect(ctx, addr); err != nil {
			return nil, nil, err
		}
		host, _, _ := net.SplitHostPort(addr)
		limit := t.camera.headTime()
		if !small {
			limit = min(limit, silenceTime)
		}
		heard := &listener{Conn: wire}
		conn, err = t.handshake(ctx, heard, host, small, limit)
		switch {
		case err == nil:
			if small && t.tls.CurvePreferences == nil && !kept.wantsSmall() {
				t.camera.trace(Quirk, "it needs a small TLS ClientHello, without post-quantum keys")
				kept.setSmall(true)
			}
			return conn, wire, nil
		case small || ctx.Err() != nil || !endedBy(err, heard.any.Load()):
			kept.setSmall(false)
			return nil, nil, t.camera.handshakeReason(err)
		}
		small = true
	}
}

// endedBy reports whether a handshake ended as with a camera that breaks on a large ClientHello: hung up, silent, or with an alert
// that says no more than that.
func endedBy(err error, heard bool) bool {
	if remote := (*net.OpError)(nil); errors.As(err, &remote) && remote.Op == "remote error" {
		return slices.ContainsFunc(vagueAlerts, func(a tls.AlertError) bool { return a.Error() == remote.Err.Error() })
	}
	return !heard && timedOut(err) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe)
}

// vagueAlerts are those of TLS with which servers answer what they cannot read (RFC 8446, 6.2): unexpected_message, record_overflow,
// handshake_failure, illegal_parameter, decode_error and internal_error.
var vagueAlerts = []tls.AlertError{10, 22, 40, 47, 50, 80}

// handshake starts TLS on conn, and closes it on failure.
func (t *transport) handshake(ctx context.Context, conn *listener, host string, small bool, limit time.Duration) (net.Conn, error) {
	config := t.tls.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = strings.Cut(host, "%")
	}
	if small && config.CurvePreferences == nil {
		config.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384}
	}
	// The first byte of an answer shows that the ClientHello was understood.
	limited, cancel := context.WithTimeout(ctx, t.camera.headTime())
	defer cancel()
	silent := time.AfterFunc(limit, func() {
		if !conn.any.Load() {
			cancel()
		}
	})
	defer silent.Stop()
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(limited); err != nil {
		conn.Close()
		if limited.Err() != nil && ctx.Err() == nil {
			return nil, errHandshakeTime(t.camera.headTime().String())
		}
		return nil, err
	}
	return secure, nil
}

// errHandshakeTime is the error of a handshake that took longer than it says. It is a timeout.
type errHandshakeTime string

func (e errHandshakeTime) Error() string {
	return "the camera did not answer the TLS handshake within " + string(e)
}
func (errHandshakeTime) Timeout() bool   { return true }
func (errHandshakeTime) Temporary() bool { return false }

// A listener notes whether anything came.
type listener struct {
	net.Conn
	any atomic.Bool
}

func (l *listener) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if n > 0 {
		l.any.Store(true)
	}
	return n, err
}
