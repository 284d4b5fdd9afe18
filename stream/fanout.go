package stream

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// workerSize is how many viewers a worker has at most: enough that its own waking costs little beside what it delivers, and so
// few that the last of them is not late and no processor is idle.
const workerSize = 32

// A worker is a goroutine that delivers frames to viewers with [ViewerOptions].Deliver, one after the other. Waking a goroutine for
// each of them costs as much as sending a small picture.
type worker struct {
	slots [workerSize]slot
	used  int           // slots; guarded by the stream's mu
	done  chan struct{} // closed when the last viewer has left
}

// A slot is a viewer's place in a worker. While the viewer waits its state belongs to the worker, else to its own goroutine.
type slot struct {
	worker *worker
	used   bool // guarded by the stream's mu

	mu      sync.Mutex
	waiting *Viewer     // nil: does not wait
	results chan result // to the waiting viewer, at most one
}

// A result ends a viewer's wait: a frame, or why there will be none.
type result struct {
	frame *Frame
	err   error
}

// join gives a viewer a slot, of another worker if all are full. The stream's mu is held.
func (s *Stream) join() *slot {
	i := slices.IndexFunc(s.workers, func(w *worker) bool { return w.used < workerSize })
	if i < 0 {
		i = len(s.workers)
		w := &worker{done: make(chan struct{})}
		s.workers = append(s.workers, w)
		go w.run(s)
	}
	w := s.workers[i]
	w.used++
	free := w.free()
	free.worker, free.used, free.results = w, true, make(chan result, 1)
	return free
}

func (w *worker) free() *slot {
	for i := range w.slots {
		if !w.slots[i].used {
			return &w.slots[i]
		}
	}
	panic("stream: a worker without a free slot")
}

// vacate gives a slot back in which nobody waits. The worker of the last one ends. The stream's mu is held.
func (s *Stream) vacate(from *slot) {
	from.used = false
	if from.worker.used--; from.worker.used == 0 {
		close(from.worker.done)
		s.workers = slices.DeleteFunc(s.workers, func(w *worker) bool { return w == from.worker })
	}
}

func (w *worker) run(s *Stream) {
	for {
		latest := s.latest.Load()
		var again <-chan time.Time
		for i := range w.slots {
			if soon := w.slots[i].deliver(latest); soon != nil {
				again = soon
			}
		}
		select {
		case <-latest.changed:
		case <-again:
		case <-w.done:
			return
		}
	}
}

// deliver hands a waiting viewer what is new, and ends its wait where that is not possible. The channel says when to try again,
// nil that the next picture will do.
func (s *slot) deliver(latest *latest) (again <-chan time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		return nil
	}
	frame, err := s.waiting.offerSafely()
	if frame == nil && err == nil {
		return s.waiting.again(latest)
	}
	s.waiting = nil
	s.results <- result{frame, err}
	return nil
}

// offer returns what Next must return, after all that Deliver has accepted; often nothing. What was the latest when the worker
// began may be of a run that the viewer has never seen.
func (v *Viewer) offer() (*Frame, error) {
	for latest := v.stream.latest.Load(); ; {
		frame, err := v.pick(latest)
		if frame == nil || !v.options.Deliver(frame) {
			return frame, err
		}
	}
}

// offerSafely ends the viewer whose Ready or Deliver panics: it shares its goroutine with others, and the program with all.
func (v *Viewer) offerSafely() (frame *Frame, err error) {
	v.safely(func() { frame, err = v.offer() })
	if v.failed.Load() {
		return nil, errPanicked
	}
	return frame, err
}

var errPanicked = errors.New("the viewer failed in an unforeseen way; the log says more")

// begin makes a viewer wait if there is nothing for it yet.
func (s *slot) begin(v *Viewer) (*Frame, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	frame, err := v.offer()
	if frame == nil && err == nil {
		s.waiting = v
	}
	return frame, err
}

// wait is [Viewer.Next] of the viewer that has the slot.
func (s *slot) wait(ctx context.Context, v *Viewer) (*Frame, error) {
	if frame, err := s.begin(v); frame != nil || err != nil {
		return frame, err
	}
	select {
	case r := <-s.results:
		return r.frame, r.err
	case <-ctx.Done():
		return s.leave(ctx)
	}
}

// leave ends a wait whose ctx is done.
func (s *slot) leave(ctx context.Context) (*Frame, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = nil
	select {
	case r := <-s.results: // a frame that Deliver has begun with is not lost
		return r.frame, r.err
	default:
		return nil, ctx.Err()
	}
}
