//go:build nats

package nats

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"mjpegazer/source/internal/redact"
)

// linkLinger is how long a connection stays open that nobody uses: longer than until the next look at the list of cameras.
const linkLinger = time.Minute

// A pool has the connections.
type pool struct {
	mu    sync.Mutex
	links map[Servers]*link
}

// A link is a connection that cameras share.
type link struct {
	pool    *pool
	servers Servers
	log     *slog.Logger
	ready   chan struct{} // closed when it is connected, or cannot be
	closed  chan struct{} // closed when it is closed for good
	conn    *nats.Conn    // set before ready is closed; nil: it cannot be connected
	err     error         // why

	// Guarded by pool.mu.
	users     int
	lingering *time.Timer
	listeners map[*listener]bool
}

// A listener hears what happens to a link.
type listener struct {
	prefix string        // of its subjects
	back   chan struct{} // filled when the connection is back
	denied chan error    // filled with why a subject may not be used
}

// open returns the connection to the servers, which must be released.
func (p *pool) open(ctx context.Context, s Servers, log *slog.Logger) (*link, error) {
	p.mu.Lock()
	l := p.links[s]
	if l == nil {
		if log == nil {
			log = slog.New(slog.DiscardHandler)
		}
		l = &link{pool: p, servers: s, log: log, ready: make(chan struct{}), closed: make(chan struct{}), listeners: map[*listener]bool{}}
		if p.links == nil {
			p.links = map[Servers]*link{}
		}
		p.links[s] = l
		go l.connect()
	}
	l.users++
	if l.lingering != nil {
		l.lingering.Stop()
		l.lingering = nil
	}
	p.mu.Unlock()
	select {
	case <-l.ready:
	case <-ctx.Done():
		l.release()
		return nil, ctx.Err()
	}
	if l.err != nil {
		l.release()
		return nil, l.err
	}
	return l, nil
}

// release says that the caller does not need the connection any more.
func (l *link) release() {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	if l.users--; l.users == 0 && l.err == nil {
		l.lingering = time.AfterFunc(linkLinger, l.rest)
	}
}

// rest closes the connection if nobody has come.
func (l *link) rest() {
	l.pool.mu.Lock()
	idle := l.users == 0
	if idle {
		l.forget()
	}
	l.pool.mu.Unlock()
	if idle && l.conn != nil {
		l.conn.Close()
	}
}

// forget takes care that the next one who needs the servers gets another connection.
func (l *link) forget() {
	if l.pool.links[l.servers] == l {
		delete(l.pool.links, l.servers)
	}
}

// Close closes the connections that nobody uses, which would else linger.
func (p *pool) Close() {
	p.mu.Lock()
	var idle []*link
	for _, l := range p.links {
		if l.users == 0 {
			idle = append(idle, l)
		}
	}
	p.mu.Unlock()
	for _, l := range idle {
		l.rest()
	}
}

func (l *link) connect() {
	defer close(l.ready)
	addresses, _, err := l.servers.parse()
	options, err2 := l.servers.login()
	if err = cmp.Or(err, err2); err == nil {
		l.conn, err = nats.Connect(strings.Join(addresses, ","), append(options, l.options()...)...)
	}
	if err == nil {
		l.log.Info("connected to NATS", "server", shownServer(l.conn))
		return
	}
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.conn, l.err = nil, l.servers.explain(err)
	l.forget()
}

func (l *link) options() []nats.Option {
	return []nats.Option{
		nats.Name("mjpegazer"), nats.SetCustomDialer(dialer{}),
		nats.Timeout(connectTime), nats.ReconnectWait(retryPause), nats.ReconnectJitter(retryPause/5, retryPause/5), nats.MaxReconnects(-1),
		nats.ReconnectBufSize(-1), // what waited for a server would be old pictures
		nats.PingInterval(pingPause), nats.MaxPingsOutstanding(pingsOut),
		nats.FlusherTimeout(writeTime), nats.ReconnectOnFlusherError(),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				l.log.Warn("connection to NATS lost", "reason", l.servers.explain(err))
			}
		}),
		nats.ReconnectHandler(func(conn *nats.Conn) {
			l.log.Info("connected to NATS again", "server", shownServer(conn))
			l.tell(func(to *listener) { signal(to.back, struct{}{}) })
		}),
		nats.ClosedHandler(func(*nats.Conn) {
			l.pool.mu.Lock()
			defer l.pool.mu.Unlock()
			l.forget()
			close(l.closed)
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrPermissionViolation) {
				l.tell(func(to *listener) { to.deny(err) })
			}
		}),
	}
}

// shownServer is the host and port of the server.
func shownServer(conn *nats.Conn) string {
	_, address, _ := strings.Cut(conn.ConnectedUrlRedacted(), "://")
	return redact.Printable(address[strings.LastIndexByte(address, '@')+1:])
}

// signal fills a channel with room for one, unless it is full.
func signal[T any](c chan T, value T) {
	select {
	case c <- value:
	default:
	}
}

// listen adds a listener for the subjects of a camera, which must be removed by mute.
func (l *link) listen(camera string) *listener {
	to := &listener{l.servers.subject(camera, ""), make(chan struct{}, 1), make(chan error, 1)}
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.listeners[to] = true
	return to
}

func (l *link) mute(to *listener) {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	delete(l.listeners, to)
}

func (l *link) tell(each func(to *listener)) {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	for to := range l.listeners {
		each(to)
	}
}

// deny tells a listener that it may not use a subject, if that is one of its own.
func (to *listener) deny(err error) {
	text := err.Error()
	for _, about := range []string{to.prefix, nats.InboxPrefix} {
		if at := strings.Index(text, about); at >= 0 {
			subject, _, _ := strings.Cut(text[at:], `"`)
			if about == nats.InboxPrefix {
				subject = nats.InboxPrefix + ">"
			}
			what := "publish to "
			if strings.Contains(strings.ToLower(text), "subscription") {
				what = "subscribe to "
			}
			signal(to.denied, error(denied("the NATS server does not let this user "+what+redact.Printable(subject)+": check the user's permissions")))
		}
	}
}

// denied is what a user may not do.
type denied string

func (d denied) Error() string { return string(d) }

// send publishes a message. Where that fails because the server takes nothing any more, another one is tried.
func (l *link) send(m *nats.Msg) error {
	err := l.conn.PublishMsg(m)
	if late := interface{ Timeout() bool }(nil); errors.As(err, &late) && late.Timeout() && !errors.Is(err, nats.ErrTimeout) {
		l.conn.ForceReconnect() // half of the message may be on its way
	}
	return err
}
