package variant

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// A Limit bounds how many pictures are changed at a time. The next turn goes to the Source whose last one is longest ago, so that
// all show equally many pictures where there is no time for all of them.
type Limit struct {
	mu      sync.Mutex
	free    int    // slots
	turns   uint64 // given so far
	waiting []*turn
}

// A turn is one Source's place in a Limit.
type turn struct {
	latest uint64        // number of the last one that it had; 0: none yet
	given  chan struct{} // receives when it has one
}

func newTurn() *turn { return &turn{given: make(chan struct{}, 1)} }

// NewLimit makes a Limit of n pictures at a time. 0 leaves one processor to everything else, where there are several.
func NewLimit(n int) *Limit {
	if n <= 0 {
		n = max(1, runtime.GOMAXPROCS(0)-1)
	}
	return &Limit{free: n}
}

// enter waits for a turn, which must be left. It reports false where ctx is done first.
func (l *Limit) enter(ctx context.Context, t *turn) bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	l.waiting = append(l.waiting, t)
	l.give()
	l.mu.Unlock()
	select {
	case <-t.given:
		return true
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.waiting, t); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
		return false
	}
	<-t.given // given meanwhile
	l.free++
	l.give()
	return false
}

func (l *Limit) leave() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free++
	l.give()
}

// give gives a free slot to the Source whose last turn is longest ago.
func (l *Limit) give() {
	if l.free == 0 || len(l.waiting) == 0 {
		return
	}
	next := 0
	for i, t := range l.waiting {
		if t.latest < l.waiting[next].latest {
			next = i
		}
	}
	t := l.waiting[next]
	l.waiting = slices.Delete(l.waiting, next, next+1)
	l.free--
	l.turns++
	t.latest = l.turns
	t.given <- struct{}{}
}
