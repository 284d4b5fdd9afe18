package variant

import (
	"context"
	"sync"
	"time"

	"mjpegazer/stream"
)

// A mailbox holds the newest picture until it is worked on.
type mailbox struct {
	interval time.Duration // between two pictures; 0: all are wanted
	filled   chan struct{} // tells that there is something, or that it is closed

	mu      sync.Mutex
	pending stream.Picture // with room for a JPEG
	full    bool
	closed  bool
	spare   []byte // for the next JPEG
	working []byte // what was taken last
	passed  uint64
	due     time.Time // when the next picture is wanted
	soonest time.Time // before which none is
}

func newMailbox(fps float64) *mailbox {
	m := &mailbox{filled: make(chan struct{}, 1)}
	if fps > 0 {
		m.interval = time.Duration(float64(time.Second) / fps)
	}
	return m
}

// put is what the camera calls.
func (m *mailbox) put(p stream.Picture) {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.JPEG != nil && !m.wants(now) {
		p.JPEG = nil
		if p.Damaged == 0 && p.Facts == nil && m.interval <= time.Second {
			return
		} // a slower one has not stalled
	}
	before := &m.pending
	p.Damaged += before.Damaged
	p.Encoding += before.Encoding
	if p.Facts == nil {
		p.Facts = before.Facts
	}
	switch {
	case p.Lost != nil:
		if p.JPEG = nil; before.JPEG != nil {
			m.spare = before.JPEG
		}
	case p.JPEG != nil:
		if before.JPEG != nil {
			m.passed++
			m.spare = before.JPEG
		}
		p.JPEG = append(m.spare[:0], p.JPEG...)
		m.spare = nil
		if p.Time.IsZero() {
			p.Time = now
		}
	case before.JPEG != nil:
		p.JPEG, p.Time, p.Via = before.JPEG, before.Time, before.Via
	default:
		p.Lost = before.Lost
	}
	m.pending, m.full = p, true
	m.tell()
}

// wants thins pictures evenly, as [stream.ViewerOptions].MaxFPS does: one may come a quarter of an interval early, as a camera's
// pictures do not come at exact times, and on average the rate is kept.
func (m *mailbox) wants(now time.Time) bool {
	if m.interval == 0 {
		return true
	}
	if now.Before(m.due) || now.Before(m.soonest) {
		return false
	}
	m.soonest = now.Add(m.interval / 2)
	m.due = m.due.Add(m.interval)
	if m.due.Before(now) {
		m.due = now.Add(m.interval * 3 / 4)
	}
	return true
}

func (m *mailbox) tell() {
	select {
	case m.filled <- struct{}{}:
	default:
	}
}

// close says that no more will come.
func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.tell()
}

// wait waits until there is something. It reports false where there will be nothing.
func (m *mailbox) wait(ctx context.Context) bool {
	for ctx.Err() == nil {
		m.mu.Lock()
		full, closed := m.full, m.closed
		m.mu.Unlock()
		if full || closed {
			return full
		}
		select {
		case <-m.filled:
		case <-ctx.Done():
		}
	}
	return false
}

// take empties the mailbox. The picture is the caller's until the next take.
func (m *mailbox) take() stream.Picture {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.pending
	m.pending, m.full = stream.Picture{}, false
	if p.JPEG != nil {
		if m.spare == nil {
			m.spare = m.working
		}
		m.working = p.JPEG
	}
	return p
}

// passedOver is how many pictures were not worked on since there was a newer one.
func (m *mailbox) passedOver() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.passed
}
