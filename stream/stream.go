// Package stream shares one camera among many viewers. It knows nothing of HTTP.
//
// A [Source] is a camera, a [Stream] is the camera shared: it runs the Source when the first [Viewer] comes, keeps it for
// a while after the last has gone, and runs it again, after a pause, when it fails. Each picture is copied once, into a
// [Frame] that all viewers share. Viewers wait in [Viewer.Next], which always has the newest frame; nothing queues, so a
// slow viewer skips frames and hurts nobody.
//
//	s := stream.New(&httpcam.Camera{URL: "http://camera/video"}, stream.Options{})
//	defer s.Close()
//	for frame := range s.Frames(ctx) {
//		… frame.JPEG() …
//	}
package stream

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"mjpegazer/stream/mjpeg"
)

// Options are a Stream's; the zero value is what a camera on a network wants.
type Options struct {
	Linger   time.Duration // how long the source runs on after the last viewer; 0: 10 s, negative: not at all
	Keep     bool          // the source runs always, viewers or not
	Stall    time.Duration // the source is run anew when no picture came for so long; 0: 10 s
	MaxFrame int           // larger pictures, in bytes, are dropped; 0: 32 MiB
	Log      *slog.Logger  // one line for each change of state; nil: none
}

// The defaults of Options.
const (
	DefaultLinger   = 10 * time.Second
	DefaultStall    = 10 * time.Second
	DefaultMaxFrame = mjpeg.DefaultMaxFrame
)

// A Stream is one Source shared by any number of viewers. All methods may be called from any goroutine.
type Stream struct {
	source  Source
	options Options

	news    atomic.Pointer[news] // never nil
	skipped atomic.Uint64
	thinned atomic.Uint64

	mu        sync.Mutex
	closed    bool
	viewers   int
	rounds    []*round
	lingering *time.Timer        // runs while there is nobody
	cancel    context.CancelFunc // ends the work; nil: none was started
	working   chan struct{}      // closed when the latest work has returned; nil: none was started
	stopping  bool               // the work was told to end
	retry     retry
	hurried   chan struct{} // tells a pause that it was shortened
	stats     Stats
	rate      rate
}

// news is what viewers see: replaced as a whole, never written to.
type news struct {
	frame *Frame        // the newest; nil while there is none
	last  *Frame        // the newest that was, also after its run; nil before the first, and once viewers have left
	over  error         // why none will follow; nil while some may
	stale chan struct{} // closed when other news are there
}

// outlived is how long a picture may be had after its run: a camera that sends one and closes, again and again, would
// else be faster than those who were just woken for it.
const outlived = 100 * time.Millisecond

// fresh is the newest frame that may be had as a live one; nil while there is none.
func (n *news) fresh() *Frame {
	if n.frame == nil && n.over == nil && n.last != nil && time.Since(n.last.Arrived) < outlived {
		return n.last
	}
	return n.frame
}

// New makes a Stream of a source. It does not run the source before there is a viewer, unless options.Keep.
func New(source Source, options Options) *Stream {
	options.Linger = cmp.Or(options.Linger, DefaultLinger)
	options.Stall = cmp.Or(options.Stall, DefaultStall)
	options.MaxFrame = cmp.Or(options.MaxFrame, DefaultMaxFrame)
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	s := &Stream{source: source, options: options, hurried: make(chan struct{}, 1)}
	s.stats.State = Idle
	s.news.Store(&news{stale: make(chan struct{})})
	if options.Keep {
		s.mu.Lock()
		s.start()
		s.mu.Unlock()
	}
	return s
}

// View adds a viewer, and starts the source for the first. The viewer must be closed.
func (s *Stream) View(options ViewerOptions) *Viewer {
	v := &Viewer{stream: s, options: options}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.viewers++
	if options.Take != nil {
		v.place = s.seat()
	}
	if s.closed {
		return v
	}
	if s.lingering != nil {
		s.lingering.Stop()
		s.lingering = nil
	}
	if s.idle() {
		s.start()
	}
	s.hurry()
	return v
}

// leave takes a viewer away, and from its place if it had one. The source lingers after the last.
func (s *Stream) leave(from *place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.viewers--
	if from != nil {
		s.vacate(from)
	}
	if s.viewers > 0 || s.closed || s.options.Keep || s.idle() {
		return
	}
	s.lingering = time.AfterFunc(max(s.options.Linger, 0), s.rest)
}

// rest stops the source if there is still nobody.
func (s *Stream) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.viewers == 0 && !s.idle() {
		s.stop()
	}
}

// idle reports whether no work is under way.
func (s *Stream) idle() bool { return s.cancel == nil }

func (s *Stream) start() {
	s.publish(nil, nil) // while it is idle: what was before is forgotten
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel, s.working, s.stopping = cancel, make(chan struct{}), false
	if s.retry.at.After(time.Now()) {
		s.change(Down, nil) // of the last time: its reason and pause are not forgotten
	} else {
		s.change(Connecting, nil)
	}
	go s.work(ctx)
}

func (s *Stream) stop() {
	s.stopping = true
	s.publish(nil, nil) // also the last picture is forgotten
	s.cancel()
}

// publish makes f the newest frame and wakes all who wait.
func (s *Stream) publish(f *Frame, over error) {
	if s.closed {
		over = ErrClosed
	}
	last := f
	if f == nil && !s.stopping && !s.idle() {
		last = s.news.Load().last
	}
	close(s.news.Swap(&news{frame: f, last: last, over: over, stale: make(chan struct{})}).stale)
}

// Last is the newest picture there was, nil before the first, and whether the camera is still live: for who must say
// something to a viewer while [Viewer.Next] has nothing.
func (s *Stream) Last() (last *Frame, live bool) {
	news := s.news.Load()
	return news.last, news.frame != nil
}

// Close ends all viewers with [ErrClosed] and stops the source. It waits at most 2 s for the source to return; its error
// says that it did not.
func (s *Stream) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		if s.lingering != nil {
			s.lingering.Stop()
		}
		if s.idle() {
			s.publish(nil, ErrClosed)
		} else {
			s.stop()
		}
	}
	working := s.working
	s.mu.Unlock()
	if working == nil {
		return nil
	}
	select {
	case <-working:
		return nil
	case <-time.After(stopTime):
		return errStuck
	}
}
