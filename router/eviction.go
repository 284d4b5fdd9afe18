package router

import (
	"context"
	"errors"
	"slices"
	"time"

	"mjpegazer/router/access"
	"mjpegazer/stream"
	"mjpegazer/stream/contain"
)

const (
	evictPause = 500 * time.Millisecond
	// stuckTime is for how long none of the bytes under way may arrive.
	stuckTime = 10 * time.Second
	// maxInFlight bounds the memory, in bytes, for pictures that Writes under way hold. The collector may take as much again.
	// A viewer that holds a recent picture, or one of a few, is not evicted, however large they are.
	maxInFlight = 14 << 20
	few         = 3
	recent      = 500 * time.Millisecond
)

func (l *Limits) track(s *sender) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.senders == nil {
		l.senders = map[*sender]struct{}{}
	}
	l.senders[s] = struct{}{}
	if !l.evicting {
		l.evicting = true
		time.AfterFunc(evictPause, l.evict)
	}
}

// untrack must be called before the handler returns: afterwards nothing of its request may be touched.
func (l *Limits) untrack(s *sender) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.senders, s)
	if why := s.evicted.Load(); why != nil {
		l.turn(*why)
	} else if context.Cause(s.request) == access.ErrRevoked {
		l.turn(access.ErrRevoked)
	}
}

// Why viewers are evicted.
var (
	errStuck    = errors.New("it took nothing for 10 s")
	errLate     = errors.New("a part took too long")
	errInFlight = errors.New("the oldest pictures under way took too much memory")

	errUnforeseen = errors.New("looking after it failed in an unforeseen way")
)

// An inFlight is a picture that is being sent to a viewer.
type inFlight struct {
	frame  *stream.Frame
	sender *sender
}

// evict ends the streams of viewers that do not read.
func (l *Limits) evict() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	var pictures []inFlight
	for s := range l.senders {
		l.safely(s, func() {
			switch frame := s.writing.Load(); {
			case s.conn != nil && s.conn.StuckFor(now) >= stuckTime:
				s.evicted.Store(&errStuck)
				s.conn.Reset()
			case s.overdue(now):
				s.abort(&errLate)
			case frame != nil:
				pictures = append(pictures, inFlight{frame, s})
			}
		})
	}
	l.evictOldest(pictures, now.Add(-recent))
	if l.evicting = len(l.senders) > 0; l.evicting {
		time.AfterFunc(evictPause, l.evict)
	}
}

// safely looks after one viewer. If that panics, as a ResponseWriter of somebody else's may, it is this viewer's end: with its next
// picture at the latest.
func (l *Limits) safely(s *sender, look func()) {
	if !contain.Do(s.log, "looking after a viewer panicked", look) {
		s.evicted.Store(&errUnforeseen)
		delete(l.senders, s)
	}
}

// evictOldest ends the streams that hold the oldest pictures, from before a time, where all together are too much.
func (l *Limits) evictOldest(all []inFlight, before time.Time) {
	slices.SortFunc(all, func(a, b inFlight) int { return b.frame.Arrived.Compare(a.frame.Arrived) })
	pictures, size := 0, 0
	var last *stream.Frame
	for _, p := range all {
		if p.frame != last { // viewers that share a picture share its memory
			last = p.frame
			pictures++
			size += len(last.JPEG())
		}
		if size > maxInFlight && pictures > few && p.frame.Arrived.Before(before) {
			l.safely(p.sender, func() { p.sender.abort(&errInFlight) })
		}
	}
}
