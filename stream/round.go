package stream

import (
	"context"
	"slices"
	"sync"
)

// roundSize is how many viewers a round has at most: so many that its own waking costs little beside what it brings, so few
// that the last of them is not late and no processor is without work.
const roundSize = 32

// A round is a goroutine that brings frames to viewers who can take them at once ([ViewerOptions].Take), to one after the
// other. Waking a goroutine for each of them costs as much as sending them a small picture.
type round struct {
	places [roundSize]place
	taken  int           // places; guarded by the stream's mu
	over   chan struct{} // closed when the last viewer has left
}

// A place is one viewer's in a round. While the viewer waits its state belongs to the round, else to its own goroutine.
type place struct {
	round *round
	taken bool // guarded by the stream's mu

	mu      sync.Mutex
	waiting *Viewer   // nil: does not wait
	brought chan find // to who waits, at most one
}

// A find is what ends a viewer's waiting: a frame, or why there will be none.
type find struct {
	frame *Frame
	err   error
}

// seat finds a place for a viewer, in another round if all are full. The stream's mu is held.
func (s *Stream) seat() *place {
	i := slices.IndexFunc(s.rounds, func(r *round) bool { return r.taken < roundSize })
	if i < 0 {
		i = len(s.rounds)
		r := &round{over: make(chan struct{})}
		s.rounds = append(s.rounds, r)
		go r.run(s)
	}
	r := s.rounds[i]
	r.taken++
	p := r.free()
	p.round, p.taken, p.brought = r, true, make(chan find, 1)
	return p
}

func (r *round) free() *place {
	for i := range r.places {
		if !r.places[i].taken {
			return &r.places[i]
		}
	}
	panic("stream: a round without a free place")
}

// vacate gives a place back that nobody waits in. The round of the last one ends. The stream's mu is held.
func (s *Stream) vacate(p *place) {
	p.taken = false
	if p.round.taken--; p.round.taken == 0 {
		close(p.round.over)
		s.rounds = slices.DeleteFunc(s.rounds, func(r *round) bool { return r == p.round })
	}
}

func (r *round) run(s *Stream) {
	for {
		news := s.news.Load()
		for i := range r.places {
			r.places[i].bring()
		}
		select {
		case <-news.stale:
		case <-r.over:
			return
		}
	}
}

// bring lets who waits take what is new, and ends the waiting where that is not possible.
func (p *place) bring() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		return
	}
	frame, err := p.waiting.offer()
	if frame != nil || err != nil {
		p.waiting = nil
		p.brought <- find{frame, err}
	}
}

// offer finds what Next must return, beyond what Take has taken; often nothing. What was news when the round began may be
// of a run that the viewer has never seen.
func (v *Viewer) offer() (*Frame, error) {
	news := v.stream.news.Load()
	frame, err := v.look(news)
	if frame != nil && v.options.Take(frame) {
		return v.look(news) // it may have been the last
	}
	return frame, err
}

// join makes a viewer wait where there is nothing for it yet.
func (p *place) join(v *Viewer) (*Frame, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	frame, err := v.offer()
	if frame == nil && err == nil {
		p.waiting = v
	}
	return frame, err
}

// wait is [Viewer.Next] of a viewer who has the place.
func (p *place) wait(ctx context.Context, v *Viewer) (*Frame, error) {
	if frame, err := p.join(v); frame != nil || err != nil {
		return frame, err
	}
	select {
	case found := <-p.brought:
		return found.frame, found.err
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = nil
	select {
	case found := <-p.brought: // a frame that Take has begun with is not lost
		return found.frame, found.err
	default:
		return nil, ctx.Err()
	}
}
