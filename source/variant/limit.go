package variant

import (
	"context"
	"runtime"
)

// A Limit bounds how many pictures are changed at one time. Those that wait get their turn in the order in which they came.
type Limit struct{ slots chan struct{} }

// NewLimit makes a Limit of n pictures at a time. 0 leaves one processor to everything else, where there are several.
func NewLimit(n int) *Limit {
	if n <= 0 {
		n = max(1, runtime.GOMAXPROCS(0)-1)
	}
	return &Limit{make(chan struct{}, n)}
}

// enter waits for a slot, which must be left. It reports false where ctx is done first.
func (l *Limit) enter(ctx context.Context) bool {
	if l == nil {
		return true
	}
	select {
	case l.slots <- struct{}{}: // senders of a channel are served in order
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *Limit) leave() {
	if l != nil {
		<-l.slots
	}
}
