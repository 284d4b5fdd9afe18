//go:build nats

package nats

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
	"mjpegazer/stream/contain"
	"mjpegazer/stream/mjpeg"
)

const (
	maxWants  = 1000      // programs that want a camera at a time
	restPause = time.Hour // where there is nothing to do until a message comes
)

// A publication is what an edge does for one camera. Its goroutine is run's but where it is said.
type publication struct {
	publisher *Publisher
	link      *link
	name      string
	stream    *stream.Stream
	log       *slog.Logger

	held   holder        // this edge, and its term, when it last published
	beaten time.Time     // when it last said so
	other  holder        // the edge that was last heard
	quiet  time.Time     // before which this one does not begin, as another may publish
	since  time.Time     // since when the camera is wanted; zero: it is not
	end    func()        // ends sending; nil: it does not send
	large  atomic.Uint64 // bytes of the latest picture, if that is larger than the servers carry; 0: it is not

	mu    sync.Mutex
	wants map[string]want // by who wants it
}

// A want is one program's.
type want struct {
	via   mjpeg.Via
	until time.Time
}

func newPublication(p *Publisher, l *link, name, id string, s *stream.Stream) *publication {
	return &publication{
		publisher: p, link: l, name: name, stream: s, log: p.log().With("camera", name), held: holder{edge: id}, wants: map[string]want{},
	}
}

func (p *publication) subject(kind string) string {
	return p.publisher.Servers.subject(p.name, kind)
}

// run publishes the camera while it is wanted and no other edge does, until ctx is done.
func (p *publication) run(ctx context.Context) {
	to := p.link.listen(p.name)
	defer p.link.mute(to)
	var channels [2]chan *nats.Msg
	for i, kind := range []string{"beat", "want"} {
		channels[i] = make(chan *nats.Msg, queue)
		s, err := p.link.conn.ChanSubscribe(p.subject(kind), channels[i])
		if err != nil {
			p.log.Warn("the camera cannot be published", "reason", p.publisher.Servers.explain(err))
			return
		}
		defer s.Unsubscribe()
	}
	p.listen()
	timer := time.NewTimer(restPause)
	defer timer.Stop()
	defer p.stop()
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-channels[0]:
			p.hear(m)
		case m := <-channels[1]:
			p.note(m)
		case <-to.back:
			p.listen()
		case err := <-to.denied:
			p.log.Warn("the camera cannot be published", "reason", err)
		case <-timer.C:
		}
		timer.Reset(p.step(ctx, time.Now()))
	}
}

// step does what is due, and returns when to come again.
func (p *publication) step(ctx context.Context, now time.Time) time.Duration {
	switch {
	case !p.wanted(now):
		p.since = time.Time{}
		p.stop()
		return restPause
	case p.since.IsZero():
		p.since = now
	}
	if p.end == nil {
		if wait := p.due().Sub(now); wait > 0 {
			return wait
		}
		p.begin(ctx)
	}
	if wait := p.beaten.Add(beatPause).Sub(now); wait > 0 {
		return wait
	}
	p.beat(now)
	return beatPause
}

// wait is for how long the edges of lower ranks come first.
func (p *publication) wait() time.Duration {
	return time.Duration(p.publisher.Rank) * rankTime
}

// listen takes care that an edge that publishes is heard before this one begins.
func (p *publication) listen() { p.quiet = time.Now().Add(silence + p.wait()) }

// due is when this edge may begin.
func (p *publication) due() time.Time {
	if first := p.since.Add(p.wait()); first.After(p.quiet) {
		return first
	}
	return p.quiet
}

// begin publishes from now on.
func (p *publication) begin(ctx context.Context) {
	p.held.term = max(p.held.term, p.other.term) + 1
	p.beaten = time.Time{}
	ctx, cancel := context.WithCancel(ctx)
	sent := make(chan struct{})
	held := p.held
	p.end = func() {
		cancel()
		<-sent
	}
	p.log.Debug("camera is published", "term", p.held.term)
	go func() {
		defer close(sent)
		contain.Do(p.log, "publishing a camera panicked", func() { p.send(ctx, held) })
	}()
}

// stop does not publish any more.
func (p *publication) stop() {
	if p.end != nil {
		p.end()
		p.end = nil
		p.log.Debug("camera is not published any more")
	}
}

// beat says that this edge publishes, and why there are no pictures if there are none.
func (p *publication) beat(now time.Time) {
	p.beaten = now
	header := p.held.header()
	if reason := p.reason(); reason != "" {
		header[headerReason] = []string{redact.Start(redact.Printable(reason), maxReason)}
	}
	p.link.send(&nats.Msg{Subject: p.subject("beat"), Header: header}) // an error is that the connection is being made again
}

func (p *publication) reason() string {
	if n := p.large.Load(); n > 0 {
		return fmt.Sprintf("a picture of %d bytes is larger than the NATS servers carry: raise max_payload, which is %d, in their configuration", n, p.link.conn.MaxPayload())
	}
	if stats := p.stream.Stats(); stats.State == stream.Down {
		return stats.Error
	}
	return ""
}

// hear notes what another edge says. Of two that publish, one stops.
func (p *publication) hear(m *nats.Msg) {
	from, ok := holderOf(m)
	switch {
	case !ok || from.edge == p.held.edge:
		return
	case p.end != nil && p.held.beats(from):
		p.beat(time.Now()) // so that the other one knows
		return
	case p.end != nil:
		p.log.Info("another edge publishes the camera now", "term", from.term)
		p.stop()
	}
	p.other, p.quiet = from, time.Now().Add(max(p.wait(), silence))
}

// note notes that a program wants the camera. One that would get its own pictures is told so.
func (p *publication) note(m *nats.Msg) {
	via := mjpeg.ParseVia(m.Header.Values(headerVia))
	if len(via) == 0 {
		return
	}
	if own := (mjpeg.Via{p.held.edge}); via.Meets(own) {
		state := p.stream.Stats().State
		if via[0] == own[0] || state == stream.Connecting || state == stream.Down {
			p.link.send(&nats.Msg{Subject: m.Reply, Header: nats.Header{headerReason: {errCircle.Error()}}})
			return
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.wants[via[0]]; known || len(p.wants) < maxWants {
		p.wants[via[0]] = want{via, time.Now().Add(wantLife)}
	}
}

// wanted reports whether anybody wants the camera.
func (p *publication) wanted(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for who, w := range p.wants {
		if now.After(w.until) {
			delete(p.wants, who)
		}
	}
	return len(p.wants) > 0
}

// via are the programs that want the camera, for the Stream, which may ask from any goroutine.
func (p *publication) via() (all mjpeg.Via) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.wants {
		all = all.Then(w.via)
	}
	return all
}

// send sends the camera's pictures, in a goroutine of its own, until ctx is done or the camera has ended.
func (p *publication) send(ctx context.Context, h holder) {
	v := p.stream.View(stream.ViewerOptions{Via: p.via})
	defer v.Close()
	for {
		f, err := v.Next(ctx)
		if err != nil {
			return
		}
		if time.Since(f.Arrived) > freshTime { // the machine was asleep
			continue
		}
		header := h.header()
		header[headerTime] = []string{inMicros(f.Time)}
		header[headerArrived] = []string{inMicros(f.Arrived)}
		header[headerSequence] = []string{strconv.FormatUint(f.Seq, 10)}
		if len(f.Via) > 0 {
			header[headerVia] = []string{f.Via.String()}
		}
		switch err := p.link.send(&nats.Msg{Subject: p.subject("frames"), Header: header, Data: f.JPEG()}); {
		case err == nil:
			p.large.Store(0)
			v.Sent(1, len(f.JPEG()))
		case errors.Is(err, nats.ErrMaxPayload):
			p.large.Store(uint64(len(f.JPEG())))
		}
	}
}
