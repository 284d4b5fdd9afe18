//go:build nats

package nats

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"mjpegazer/stream"
	"mjpegazer/stream/contain"
)

// An edge is what a Publisher does. The zero value does nothing yet.
type edge struct {
	mu      sync.Mutex
	cancel  context.CancelFunc // nil: it does not run
	ended   chan struct{}      // closed when it does no more
	cameras []Published
	changed chan struct{} // filled when cameras are others
}

const publisherPause = time.Second // between two tries to connect

// Publish makes the cameras those that others can have, and are told of in their order. The first call begins, and a later one changes what has
// changed. Nothing is read or sent for a camera that nobody wants.
func (p *Publisher) Publish(cameras []Published) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cameras = slices.Clone(cameras)
	if p.cancel == nil {
		var ctx context.Context
		ctx, p.cancel = context.WithCancel(context.Background())
		p.ended, p.changed = make(chan struct{}), make(chan struct{}, 1)
		go p.run(ctx)
	}
	signal(p.changed, struct{}{})
}

// Close ends it, and returns when it has ended.
func (p *Publisher) Close() {
	p.mu.Lock()
	cancel, ended := p.cancel, p.ended
	p.mu.Unlock()
	if cancel != nil {
		cancel()
		<-ended
	}
}

func (p *Publisher) log() *slog.Logger {
	return cmp.Or(p.Log, slog.New(slog.DiscardHandler))
}

// run publishes until ctx is done, by one connection after the other.
func (p *Publisher) run(ctx context.Context) {
	defer close(p.ended)
	connections := p.Connections
	if connections == nil {
		connections = &Connections{}
		defer connections.Close()
	}
	id, said := cmp.Or(p.Instance, rand.Text()), ""
	for ctx.Err() == nil {
		l, err := connections.open(ctx, p.Servers, p.Log)
		if err == nil {
			said = ""
			p.serve(ctx, l, id)
			if err = ctx.Err(); err == nil {
				err = p.Servers.explain(cmp.Or(l.conn.LastError(), errClosed))
			}
			l.release()
		}
		if text := err.Error(); ctx.Err() == nil && text != said {
			said = text
			p.log().Warn("cameras cannot be published", "reason", text)
		}
		select {
		case <-ctx.Done():
		case <-time.After(publisherPause):
		}
	}
}

// serve publishes by a connection until that is closed, or ctx is done.
func (p *Publisher) serve(ctx context.Context, l *link, id string) {
	var all sync.WaitGroup
	defer all.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	names, err := l.conn.Subscribe(p.Servers.names(), func(m *nats.Msg) {
		contain.Do(p.log(), "telling of the cameras panicked", func() { p.tell(l, m, id) })
	})
	if err == nil {
		defer names.Unsubscribe()
	}
	type running struct {
		stream *stream.Stream
		end    context.CancelFunc
	}
	now := map[string]running{}
	for {
		p.mu.Lock()
		next := map[string]*stream.Stream{}
		for _, c := range p.cameras {
			next[c.Name] = c.Stream
		}
		p.mu.Unlock()
		for name, r := range now {
			if next[name] != r.stream {
				r.end()
				delete(now, name)
			}
		}
		for name, s := range next {
			if _, ok := now[name]; ok {
				continue
			}
			one, end := context.WithCancel(ctx)
			now[name] = running{s, end}
			all.Go(func() {
				contain.Do(p.log(), "publishing a camera panicked", func() { newPublication(p, l, name, id, s).run(one) })
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-l.closed:
			return
		case <-p.changed:
		}
	}
}
