package stream

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// Pauses between two tries of an ordinary failure.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 10 * time.Second
	soonPause  = 2 * time.Second // the longest of a [RetrySoon] while viewers wait
	hurryPause = time.Second     // the least between two tries that new viewers brought forward
)

// A retry says when the source may be run again. The zero value says at once.
type retry struct {
	at      time.Time
	firm    bool          // the source has set the time: no viewer brings it forward
	pause   time.Duration // the latest; 0 after a picture
	hurried time.Time     // the latest time that a viewer brought forward
}

func (r *retry) succeeded() { r.pause = 0 }

// failed sets the time of the next try, after err. A pause is up to a fifth shorter than its nominal length, so that many programs
// that lost one camera do not come back at the same time.
func (r *retry) failed(now time.Time, err error, viewers bool) {
	var after *retryError
	var soon *soonError
	if r.firm = errors.As(err, &after); r.firm {
		r.at = now.Add(after.after)
		return
	}
	most := lastPause
	if viewers && errors.As(err, &soon) {
		most = soonPause
	}
	r.pause = min(max(2*r.pause, firstPause), most)
	r.at = now.Add(r.pause - time.Duration(rand.Int64N(int64(r.pause/5)+1)))
}

// hurry brings an ordinary try forward, and reports whether it did.
func (r *retry) hurry(now time.Time) bool {
	soonest := r.hurried.Add(hurryPause)
	if soonest.Before(now) {
		soonest = now
	}
	if r.firm || !soonest.Before(r.at) {
		return false
	}
	r.at, r.hurried = soonest, soonest
	return true
}

// hurry is called for each new viewer.
func (s *Stream) hurry() {
	if s.retry.hurry(time.Now()) {
		select {
		case s.hurried <- struct{}{}:
		default: // there is a signal already
		}
	}
}

// pause waits until the source may be run. False means that the work was told to end.
func (s *Stream) pause(ctx context.Context) bool {
	for ctx.Err() == nil {
		s.mu.Lock()
		wait := time.Until(s.retry.at)
		s.mu.Unlock()
		if wait <= 0 {
			return true
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.hurried:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return false
}
