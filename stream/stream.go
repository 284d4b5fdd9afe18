// Package stream shares one camera among many viewers. It knows nothing of HTTP, nor of any kind of camera.
//
// A [Source] is a camera, a [Stream] is the camera shared: it runs the Source when the first [Viewer] comes, keeps it running for
// a while after the last has left, and runs it again, after a pause, when it fails. Each picture is copied once, into a [Frame]
// that all viewers share. Viewers wait in [Viewer.Next] for the newest frame. Nothing queues, so that a slow viewer skips
// frames and delays nobody.
//
//	s := stream.New(&httpcam.Camera{URL: "http://camera/video"}, stream.Options{Linger: stream.DefaultLinger})
//	defer s.Close()
//	for frame := range s.Frames(ctx) {
//		… frame.JPEG() …
//	}
//
// What a Stream promises:
//
//   - A Source runs once at a time. The next run begins when the last has returned: many cameras serve one client.
//   - A camera that is down is tried again after 0.25 s, then after pauses that grow to 10 s, and at once for a new viewer, but
//     once a second at most. [RetryAfter] and [RetrySoon] change that.
//   - Viewers stay while the camera is down. They are never shown an old picture as a live one.
//   - A picture is whole: from SOI to EOI, with its Huffman tables, no larger than Options allow. All others are dropped and
//     counted, see [Stats].
//   - Without viewers, and after the linger time, a Stream has no goroutine.
//
// Package streamtest has a fake camera for tests.
package stream

import (
	"cmp"
	"context"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"mjpegazer/stream/mjpeg"
)

// Options are the options of a Stream. Zero means none where a Stream can do without, and else the default.
type Options struct {
	Linger time.Duration // how long the source runs on after the last viewer; 0: not at all; see [DefaultLinger]
	Keep   bool          // the source always runs, with or without viewers
	Stall  time.Duration // the source is run again when no picture came for so long; 0: [DefaultStall]
	// NoStall says that the source itself tells by [Picture].Lost when its camera is away. Stall is then only how long callers
	// of [Stream.Stall] should wait.
	NoStall  bool
	MaxFrame int // larger pictures, in bytes, are dropped; 0: [DefaultMaxFrame]
	// MaxPixels is how many pixels a picture may claim to have; larger ones are dropped, as a browser takes the memory for all
	// of them, however few bytes there are. 0: [DefaultMaxPixels].
	MaxPixels int
	Log       *slog.Logger // one line for each change of state; nil: none
}

// Defaults of the program mjpegazer, for others to use. DefaultLinger suits most cameras: they take a second to start, and a
// viewer that reloads its page, or asks for a snapshot now and then, is soon back.
const (
	DefaultLinger    = 10 * time.Second
	DefaultStall     = 10 * time.Second
	DefaultMaxFrame  = mjpeg.DefaultMaxFrame
	DefaultMaxPixels = 100_000_000
)

// A Stream is one Source shared by any number of viewers. All methods may be called from any goroutine.
type Stream struct {
	options atomic.Pointer[Options] // never nil; replaced with mu held

	latest  atomic.Pointer[latest] // never nil
	skipped atomic.Uint64
	thinned atomic.Uint64
	sent    *sent // apart from latest, which all viewers read all the time

	mu        sync.Mutex
	source    Source
	closed    bool
	viewers   int
	notified  []*Viewer // those with Notify
	passing   []*Viewer // those with Via
	workers   []*worker
	lingering *time.Timer        // runs while there are no viewers
	cancel    context.CancelFunc // ends the work; nil: none was started
	working   chan struct{}      // closed when the latest work has returned; nil: none was started
	stopping  bool               // the work was told to end
	current   *run               // what the latest work runs now; nil: nothing
	past      *Frame             // the newest that there was; nil before the first
	retry     retry
	hurried   chan struct{} // filled when a pause was shortened
	stats     Stats
	turned    turned
	rate      rate
	lines     lines
	flapping  flapping
}

// latest is what viewers see: replaced as a whole, never written to.
type latest struct {
	frame   *Frame        // the newest; nil while there is none
	last    *Frame        // the newest that was, also after its run; nil before the first, and once viewers have left
	burst   []*Frame      // what came shortly before last, and last; empty where that is nil
	ended   error         // why none will follow; nil while some may
	changed chan struct{} // closed when it has been replaced
}

// grace is how long viewers can still get a picture after its run: a camera that sends one and closes, again and again, would
// else be faster than the viewers that were just woken for it.
const grace = 100 * time.Millisecond

// fresh is the newest frame that may be had as a live one; nil while there is none.
func (l *latest) fresh() *Frame {
	if l.frame == nil && l.ended == nil && l.last != nil && time.Since(l.last.Arrived) < grace {
		return l.last
	}
	return l.frame
}

// New makes a Stream of a source. It does not run the source before there is a viewer, unless options.Keep.
func New(source Source, options Options) *Stream {
	s := &Stream{source: source, hurried: make(chan struct{}, 1), sent: new(sent)}
	s.options.Store(options.whole())
	s.stats.State = Idle
	s.latest.Store(&latest{changed: make(chan struct{})})
	if options.Keep {
		s.mu.Lock()
		s.start()
		s.mu.Unlock()
	}
	return s
}

// whole returns the options with their defaults.
func (o Options) whole() *Options {
	o.Stall = cmp.Or(o.Stall, DefaultStall)
	o.MaxFrame = cmp.Or(o.MaxFrame, DefaultMaxFrame)
	o.MaxPixels = cmp.Or(o.MaxPixels, DefaultMaxPixels)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &o
}

// stall is how long a run may be without a picture.
func (o *Options) stall() time.Duration {
	if o.NoStall {
		return math.MaxInt64
	}
	return o.Stall
}

// View adds a viewer, and starts the source for the first one. The viewer must be closed.
func (s *Stream) View(options ViewerOptions) *Viewer {
	v := &Viewer{stream: s, options: options}
	v.SetMaxRate(options.MaxRate)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.viewers++
	if options.Deliver != nil {
		v.slot = s.join()
	}
	if options.Notify != nil {
		s.notified = append(s.notified, v)
	}
	if options.Via != nil {
		s.passing = append(s.passing, v)
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

// leave removes a viewer, and from its slot if it had one. The source lingers after the last.
func (s *Stream) leave(v *Viewer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.viewers--
	if v.slot != nil {
		s.vacate(v.slot)
	}
	is := func(other *Viewer) bool { return other == v }
	s.notified, s.passing = slices.DeleteFunc(s.notified, is), slices.DeleteFunc(s.passing, is)
	s.linger()
}

// linger stops the source in a while if there are no viewers.
func (s *Stream) linger() {
	if s.lingering != nil {
		s.lingering.Stop()
		s.lingering = nil
	}
	if options := s.options.Load(); s.viewers == 0 && !s.closed && !options.Keep && !s.idle() {
		s.lingering = time.AfterFunc(max(options.Linger, 0), s.rest)
	}
}

// rest stops the source if there are still no viewers.
func (s *Stream) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.viewers == 0 && !s.idle() && !s.options.Load().Keep {
		s.stop()
	}
}

// idle reports whether no work is under way.
func (s *Stream) idle() bool { return s.cancel == nil }

func (s *Stream) start() {
	s.publish(nil, nil) // while it is idle: the pictures of the run before are forgotten
	s.startAfter(nil)
}

// startAfter starts work that begins when the work before has returned, if it does so in time; nil: at once.
func (s *Stream) startAfter(before <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel, s.working, s.stopping = cancel, make(chan struct{}), false
	if s.retry.at.After(time.Now()) {
		s.change(Down, nil) // from the run before: its reason and pause are not forgotten
	} else {
		s.change(Connecting, nil)
	}
	go s.work(ctx, s.working, before)
}

func (s *Stream) stop() {
	s.stopping = true
	s.publish(nil, nil) // the last picture is forgotten, too
	s.cancel()
}

// publish makes f the newest frame and wakes all viewers.
func (s *Stream) publish(f *Frame, ended error) {
	if s.closed {
		ended = ErrClosed
	}
	before := s.latest.Load()
	now := &latest{frame: f, last: f, ended: ended, changed: make(chan struct{})}
	switch {
	case f != nil && f == before.last:
		now.burst = before.burst
	case f != nil:
		now.burst = before.with(f)
	case !s.stopping && !s.idle():
		now.last, now.burst = before.last, before.burst
	}
	s.latest.Store(now)
	close(before.changed)
	for _, v := range slices.Clone(s.notified) {
		v.safely(v.options.Notify)
	}
}

// Last returns the newest picture that there was, nil before the first, and whether the camera is still live. It is for servers
// that must send something to a viewer while [Viewer.Next] has nothing.
func (s *Stream) Last() (last *Frame, live bool) {
	now := s.latest.Load()
	return now.last, now.frame != nil
}

// Close ends all viewers with [ErrClosed] and stops the source. It waits at most 2 s for the source to return. Its error says
// that the source did not.
func (s *Stream) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		if s.flapping.timer != nil {
			s.flapping.timer.Stop()
		}
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
	timer := time.NewTimer(stopTime)
	defer timer.Stop()
	select {
	case <-working:
		s.lines.flush(timer.C)
		return nil
	case <-timer.C:
		return errStuck
	}
}
