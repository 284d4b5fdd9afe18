package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"mjpegazer/router/access"
	"mjpegazer/router/internal/conn"
	"mjpegazer/router/server/internal/config"
)

// A port is an address that is served.
type port struct {
	net.Listener
	address string // as it was given; "": opened by systemd
	metrics bool   // it serves /metrics and nothing else
	shared  bool   // it was opened beside another port at the same address, which must close
	closed  atomic.Bool
}

// shut stops accepting connections; those that there are stay.
func (p *port) shut() {
	p.closed.Store(true)
	p.Close()
}

// openPorts opens the addresses of a configuration that are not open yet, and returns them after those that stay. The ports in
// open that are not among the result are to be closed afterwards; where one of them has an address that is part of a new one,
// both are open for a while.
func openPorts(c *config.Config, open []*port) (all []*port, err error) {
	var opened []*port
	defer func() {
		if err != nil {
			for _, p := range opened {
				p.Close()
			}
		}
	}()
	all = slices.DeleteFunc(slices.Clone(open), func(p *port) bool { return p.address != "" })
	wanted := wantedPorts(c)
	if len(all) > 0 && !c.Listen.Given {
		wanted = slices.DeleteFunc(wanted, func(w wantedPort) bool { return !w.metrics })
	}
	for _, w := range wanted {
		if i := slices.IndexFunc(open, w.is); i >= 0 {
			all = append(all, open[i])
			continue
		}
		l, shared, err := listenBeside(w.address, leaving(c, open))
		if err != nil {
			return nil, c.Fault(w.key, err)
		}
		p := &port{Listener: l, address: w.address, metrics: w.metrics, shared: shared}
		all, opened = append(all, p), append(opened, p)
	}
	return all, nil
}

// A wantedPort is an address that a configuration wants to be served.
type wantedPort struct {
	key     string
	address string
	metrics bool
}

func wantedPorts(c *config.Config) (all []wantedPort) {
	for _, address := range c.Listen.Values {
		all = append(all, wantedPort{"listen", address, false})
	}
	for _, address := range c.MetricsListen.Values {
		all = append(all, wantedPort{"metrics-listen", address, true})
	}
	return all
}

// is reports whether a port is the wanted one.
func (w wantedPort) is(p *port) bool { return p.address == w.address && p.metrics == w.metrics }

// leaving are the open ports that a configuration does not have any more.
func leaving(c *config.Config, open []*port) []*port {
	return slices.DeleteFunc(slices.Clone(open), func(p *port) bool {
		return p.address == "" || slices.ContainsFunc(wantedPorts(c), func(w wantedPort) bool { return w.is(p) })
	})
}

// listenBeside listens also where one of our ports that are about to close is in the way: it has the same number, and an
// address that the new one includes, or the other way round.
func listenBeside(address string, closing []*port) (l net.Listener, shared bool, err error) {
	l, err = listen(address, false)
	if !errors.Is(err, errInUse) || !canShare {
		return l, false, err
	}
	_, number, _ := net.SplitHostPort(address)
	for _, p := range closing {
		if a, ok := p.Addr().(*net.TCPAddr); ok && fmt.Sprint(a.Port) == number {
			if err := share(p.Listener, true); err != nil {
				return nil, false, fmt.Errorf("cannot listen on %s: %w", address, err)
			}
			defer share(p.Listener, false)
			shared = true
		}
	}
	if !shared {
		return nil, false, err
	}
	l, err = listen(address, true)
	return l, true, err
}

// acceptor gives the server the connections of a port, as HTTPS where it serves that on the network: what comes through a
// Unix socket has not left the machine.
type acceptor struct {
	patientListener
	secure  *atomic.Pointer[tls.Config]
	buffers *conn.Buffers
	metrics bool
}

func (a *acceptor) Accept() (net.Conn, error) {
	c, err := a.patientListener.Accept()
	if err != nil {
		return nil, err
	}
	if config := a.secure.Load(); config != nil && c.LocalAddr().Network() == "tcp" {
		return tls.Server(a.buffers.Gather(c), config), nil
	}
	return c, nil
}

type metricsKey struct{}

// baseContext is [access.BaseContext], and says which requests are for metrics.
func baseContext(l net.Listener) context.Context {
	ctx := access.BaseContext(l)
	if a, ok := l.(*acceptor); ok && a.metrics {
		ctx = context.WithValue(ctx, metricsKey{}, true)
	}
	return ctx
}

// ServeHTTP serves what there is now at the port of a request.
func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler := p.handler.Load()
	if r.Context().Value(metricsKey{}) != nil {
		handler = p.metrics.Load()
	}
	(*handler).ServeHTTP(w, r)
}

// serve serves a port until it is closed, and tells failed where it ends otherwise.
func (p *program) serve(opened *port) {
	a := &acceptor{patientListener{Listener: opened, log: p.log.Logger}, &p.secure, &p.buffers, opened.metrics}
	go func() {
		err := p.server.Serve(a)
		if opened.closed.Load() || errors.Is(err, http.ErrServerClosed) {
			return
		}
		select {
		case p.failed <- fmt.Errorf("%s: cannot accept connections any more: %w", opened.Addr(), bare(err)):
		case <-time.After(time.Second): // another has failed before
		}
	}()
}
