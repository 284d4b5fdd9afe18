package router

import (
	"errors"
	"slices"
	"time"

	"mjpegazer/stream"
)

const (
	sweepPause = 500 * time.Millisecond
	// stuckTime is how long a connection may take no byte of what waits for it.
	stuckTime = 10 * time.Second
	// mostHeld bounds the memory, in bytes, for pictures that Writes under way hold. The collector may take as much again.
	// Nobody is cut off who holds news, or one of a few, however large they are.
	mostHeld = 14 << 20
	few      = 3
	news     = 500 * time.Millisecond
)

func (l *Limits) watch(s *sender) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.senders == nil {
		l.senders = map[*sender]struct{}{}
	}
	l.senders[s] = struct{}{}
	if !l.sweeping {
		l.sweeping = true
		time.AfterFunc(sweepPause, l.sweep)
	}
}

// unwatch must be called before the handler returns: afterwards nothing of its request may be touched.
func (l *Limits) unwatch(s *sender) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.senders, s)
}

// Why streams are cut off.
var (
	errStuck   = errors.New("nothing was taken for 10 s")
	errLate    = errors.New("a part took too long")
	errHolding = errors.New("there was too much memory in the oldest pictures under way")
)

// A holding is a picture that somebody is being sent.
type holding struct {
	frame  *stream.Frame
	sender *sender
}

// sweep ends the streams of those who do not read.
func (l *Limits) sweep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	var held []holding
	for s := range l.senders {
		switch frame := s.writing.Load(); {
		case s.conn != nil && s.conn.stuckFor(now) >= stuckTime:
			s.cut.Store(&errStuck)
			s.conn.reset()
		case s.overdue(now):
			s.abort(&errLate)
		case frame != nil:
			held = append(held, holding{frame, s})
		}
	}
	cutOldest(held, now.Add(-news))
	if l.sweeping = len(l.senders) > 0; l.sweeping {
		time.AfterFunc(sweepPause, l.sweep)
	}
}

// cutOldest ends the streams of those who hold the oldest pictures, from before a time, where all together are too much.
func cutOldest(all []holding, before time.Time) {
	slices.SortFunc(all, func(a, b holding) int { return b.frame.Arrived.Compare(a.frame.Arrived) })
	pictures, size := 0, 0
	var last *stream.Frame
	for _, h := range all {
		if h.frame != last { // whoever share a picture share its memory
			last = h.frame
			pictures++
			size += len(last.JPEG())
		}
		if size > mostHeld && pictures > few && h.frame.Arrived.Before(before) {
			h.sender.abort(&errHolding)
		}
	}
}
