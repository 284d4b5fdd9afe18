package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"mjpegazer/stream/contain"
)

// stopTime is how long a source may take to return when it is told to.
const stopTime = 2 * time.Second

var errStuck = errors.New("the camera does not stop")

// work runs the source again and again until it is told to end, or the source has come to its end.
func (s *Stream) work(ctx context.Context, working chan struct{}, before <-chan struct{}) {
	if before != nil {
		select {
		case <-before:
		case <-time.After(stopTime): // it may never return, and another camera need not wait for that
		}
	}
	for s.pause(ctx) {
		if err := s.run(ctx); errors.Is(err, ErrEnded) {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	close(working)
	if s.working != working { // another source has taken over
		return
	}
	stopped := ctx.Err() != nil
	s.cancel()
	s.cancel = nil
	if stopped && (s.viewers > 0 || s.options.Load().Keep) && !s.closed { // for viewers that came while it was ending
		s.start()
		return
	}
	s.stats.Failures = 0
	switch {
	case s.stats.State == Ended:
	case s.stats.State == Connecting && s.closed: // it never came to anything
		s.stats.State = Idle
	default:
		s.change(Idle, nil)
	}
}

// A run is one call of the source's Run.
type run struct {
	stream *Stream
	source Source
	ctx    context.Context
	stall  *time.Timer

	bounds bounds // used by the source's goroutine alone

	// Guarded by the stream's mu.
	heard   time.Time // when the source last emitted something good
	over    time.Time // when the run was; what is emitted later is ignored; zero while it goes on
	dropped error     // why the latest dropped picture was; nil since the last good one
}

// run returns when the source has. The run itself may be over, and its viewers told, long before that.
func (s *Stream) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(context.WithValue(ctx, streamKey{}, s))
	defer cancel(nil)
	r := s.begin(ctx, cancel)
	if r == nil {
		return ctx.Err()
	}
	defer r.returned()
	returned := make(chan struct{})
	ended := make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() {
		defer close(ended)
		r.end(context.Cause(ctx))
		select {
		case <-returned:
		case <-time.After(stopTime):
			r.stuck()
		}
	})
	err := r.call()
	close(returned)
	if !unwatch() {
		<-ended
	}
	if ctx.Err() != nil { // the source may have seen that before the function did
		err = context.Cause(ctx)
	}
	r.end(err)
	return err
}

// begin returns nil if the work was told to end.
func (s *Stream) begin(ctx context.Context, cancel context.CancelCauseFunc) *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return nil
	}
	if s.stats.State != Down { // else the first try does not make that news
		s.change(Connecting, nil)
	}
	r := &run{stream: s, source: s.source, ctx: ctx}
	r.stall = time.AfterFunc(s.options.Load().stall(), func() { cancel(r.stalled()) })
	s.current = r
	return r
}

// returned notes that the source has returned.
func (r *run) returned() {
	r.stall.Stop()
	r.stream.mu.Lock()
	defer r.stream.mu.Unlock()
	if r.stream.current == r {
		r.stream.current = nil
	}
}

// call contains panics: a camera's bytes must not end the program.
func (r *run) call() (err error) {
	p := contain.Call(func() {
		if err = r.source.Run(r.ctx, r.emit); err != nil {
			_, _ = err.Error(), errors.Is(err, ErrEnded) // which panic for a nil pointer
		}
	})
	if p != nil {
		r.stream.logPanic("reading the camera panicked", p)
		err = errors.New("reading the camera failed in an unforeseen way; the log says more")
	}
	return err
}

// emit is what the source calls.
func (r *run) emit(p Picture) {
	s, now := r.stream, time.Now()
	options := s.options.Load()
	var frame *Frame
	if p.JPEG != nil {
		var err error
		r.bounds.bytes, r.bounds.pixels = options.MaxFrame, options.MaxPixels
		if frame, err = newFrame(p, &r.bounds, now); err != nil {
			p.Damaged++
			r.note(err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !r.over.IsZero() || r.ctx.Err() != nil {
		return
	}
	s.stats.Damaged += uint64(p.Damaged)
	s.stats.Received += uint64(len(p.JPEG))
	s.stats.Encoding += p.Encoding
	if p.Facts != nil {
		s.stats.Facts = p.Facts
	}
	if p.Lost != nil && p.JPEG == nil {
		r.stall.Stop()
		s.lose(p.Lost)
		return
	}
	s.stats.Unchanged = p.JPEG == nil && p.Damaged == 0
	if p.Damaged == 0 || frame != nil {
		r.stall.Reset(options.stall())
		r.heard = now
	}
	if frame != nil {
		r.dropped = nil
		s.show(frame)
	}
}

// lose forgets the picture of a camera that is away while its source goes on.
func (s *Stream) lose(reason error) {
	s.rate, s.stats.Unchanged = rate{}, false
	s.stats.Failures++
	s.count(reason)
	var after *retryError
	if s.retry.at = time.Now(); errors.As(reason, &after) {
		s.retry.at = s.retry.at.Add(after.after)
	}
	s.change(Down, reason)
	s.publish(nil, nil)
}

// note remembers why a picture was dropped.
func (r *run) note(reason error) {
	s := r.stream
	s.log(slog.LevelDebug, "picture dropped", "reason", reason)
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.over.IsZero() {
		s.stats.DamageReason = reason.Error()
		r.dropped = reason
	}
}

// stalled returns why a run without pictures ends.
func (r *run) stalled() error {
	r.stream.mu.Lock()
	defer r.stream.mu.Unlock()
	stall := r.stream.options.Load().Stall
	if r.dropped != nil {
		return FailedStall.Of(fmt.Errorf("no picture for %v: %w", stall, r.dropped))
	}
	return FailedStall.Of(fmt.Errorf("no picture for %v", stall))
}

// show makes a frame the newest.
func (s *Stream) show(f *Frame) {
	s.stats.Frames++
	f.Seq = s.stats.Frames
	if before := s.latest.Load().frame; before != nil {
		f.Interval = f.Arrived.Sub(before.Arrived)
	}
	s.past = f
	s.stats.LastPicture, s.stats.Width, s.stats.Height = f.Time, f.Width, f.Height
	if s.stats.Failures > 0 {
		s.stats.Recovered++
	}
	s.stats.Failures = 0
	s.retry.succeeded()
	s.rate.add(f.Arrived, len(f.JPEG()))
	s.change(Live, nil)
	s.publish(f, nil)
}

// end ends the run for its viewers, once. Frames are forgotten: no viewer is shown an old picture as a live one. A viewer that
// waits for the last picture still gets it if the source has ended, or within the time of grace.
func (r *run) end(err error) {
	s := r.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if !r.over.IsZero() {
		return
	}
	r.over = time.Now()
	s.rate = rate{}
	switch {
	case s.stopping: // its frames are forgotten already
	case errors.Is(err, ErrEnded):
		s.publish(s.latest.Load().frame, ErrEnded)
		s.change(Ended, nil)
	default:
		s.fail(cmp.Or(err, errNoReason))
		s.publish(nil, nil)
	}
}

var errNoReason = errors.New("the camera ended its stream")

func (s *Stream) fail(err error) {
	s.stats.Failures++
	s.count(err)
	s.retry.failed(time.Now(), err, s.viewers > 0)
	s.log(slog.LevelDebug, "camera failed", "reason", err, "failures", s.stats.Failures, "retry", time.Until(s.retry.at))
	s.change(Down, err)
}

// stuck notes that the source was told to return and has not.
func (r *run) stuck() {
	s := r.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == r {
		s.change(Down, errStuck)
	}
}

// change sets the state, and logs it if it is another.
func (s *Stream) change(state State, reason error) {
	if reason != nil {
		s.stats.Error = reason.Error()
	}
	if s.stats.State == state {
		return
	}
	s.stats.State = state
	switch state {
	case Live:
		args := []any{"width", s.stats.Width, "height", s.stats.Height}
		s.logChange(slog.LevelInfo, "camera up", append(s.turn(Live, Down), args...)...)
	case Down:
		s.logChange(slog.LevelWarn, "camera down", append(s.turn(Down, Live), "reason", s.stats.Error)...)
	case Connecting:
		s.log(slog.LevelDebug, "camera connecting")
	default:
		s.turned = turned{}
		s.log(slog.LevelInfo, "camera "+string(state))
	}
}
