package stream

import (
	"context"
	"iter"
	"math"
	"sync/atomic"
	"time"

	"mjpegazer/stream/contain"
	"mjpegazer/stream/mjpeg"
)

// ViewerOptions say what a viewer wants. The zero value wants every picture.
type ViewerOptions struct {
	// MaxFPS is how many frames a second the viewer gets at most, evenly chosen; 0 means no limit.
	MaxFPS float64
	// MaxRate is how many bytes of pictures a second the viewer gets at most, by fewer of them, evenly chosen; 0 means no limit.
	MaxRate float64
	// Ready is called when there is a new frame. If it returns false the viewer skips that frame, and Ready is called again for
	// the next. Nil means always ready.
	Ready func(*Frame) bool
	// Deliver must not wait for anything, nor panic: one goroutine calls it, and Ready, for many viewers. Leave it nil unless a
	// profile shows that much time goes into waking a goroutine for each picture, as in a server of many small ones. It is
	// called with each frame that [Viewer.Next] would return, and Next waits on. If it returns false Next returns the frame.
	Deliver func(*Frame) bool
	// Notify must not wait for anything, nor call the stream: the camera's goroutine calls it, whenever [Viewer.Poll] may have
	// something new. It is for a goroutine that waits for several streams.
	Notify func()
	// Via returns the programs that the viewer's pictures go to, the nearest first, for [Stream.Via]; nil: none.
	Via func() mjpeg.Via
}

// A Viewer gets the frames of a Stream, in one goroutine. Nothing queues for it: [Viewer.Next] returns the newest frame, and a slow
// viewer skips those in between. Of a burst it gets, in order, what came in the last 100 ms, so that one that keeps up loses
// nothing of a camera that sends many pictures at once.
type Viewer struct {
	stream  *Stream
	options ViewerOptions
	slot    *slot // nil: without Deliver
	closed  bool
	last    uint64        // Seq of the last frame it had
	refused uint64        // frames since then that it was not ready for
	due     time.Time     // see thin
	soonest time.Time     // see thin
	rate    atomic.Uint64 // MaxRate as it is now, as bits
	failed  atomic.Bool   // Notify or Via has panicked
}

// SetMaxRate changes the viewer's MaxRate. It may be called from any goroutine.
func (v *Viewer) SetMaxRate(bytesPerSecond float64) { v.rate.Store(math.Float64bits(bytesPerSecond)) }

func (v *Viewer) maxRate() float64 { return math.Float64frombits(v.rate.Load()) }

// Next waits for the newest frame that the viewer has not had and is ready for. It goes on waiting while the camera is down. Its
// error is that of ctx, [ErrClosed], or [ErrEnded] once the source has ended and the viewer has had its last frame.
func (v *Viewer) Next(ctx context.Context) (*Frame, error) {
	if v.closed {
		return nil, ErrClosed
	}
	if v.slot != nil {
		return v.slot.wait(ctx, v)
	}
	return v.wait(ctx)
}

// wait is Next of a viewer without a slot.
func (v *Viewer) wait(ctx context.Context) (*Frame, error) {
	for {
		now := v.stream.latest.Load()
		if frame, err := v.pick(now); frame != nil || err != nil {
			return frame, err
		}
		select {
		case <-now.changed:
		case <-v.again(now):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Poll is a Next that does not wait: it returns nil and no error where there is nothing new, or nothing that the viewer wants and
// is ready for.
func (v *Viewer) Poll() (*Frame, error) {
	if v.closed {
		return nil, ErrClosed
	}
	return v.pick(v.stream.latest.Load())
}

// pick returns the viewer's next frame, or why there will be none, and often neither.
func (v *Viewer) pick(now *latest) (*Frame, error) {
	if v.failed.Load() {
		return nil, errPanicked
	}
	for _, frame := range now.after(v.last) {
		if frame.Arrived.Before(v.due) || frame.Arrived.Before(v.soonest) {
			continue
		}
		if v.options.Ready != nil && !v.options.Ready(frame) {
			v.refused++
			return nil, now.ended
		}
		v.had(frame)
		return frame, nil
	}
	return nil, now.ended
}

// had notes that the viewer has f, and counts what it skipped.
func (v *Viewer) had(f *Frame) {
	if missed := f.Seq - v.last - 1; v.last > 0 && missed > 0 {
		slow := missed
		if v.options.MaxFPS > 0 || v.maxRate() > 0 {
			slow = min(v.refused, missed)
		}
		v.stream.skipped.Add(slow)
		v.stream.thinned.Add(missed - slow)
	}
	v.last, v.refused = f.Seq, 0
	v.thin(f)
}

// thin sets the time from which the next frame is due: a quarter of an interval early, or a camera's jitter would make
// every other choice uneven. It advances by whole intervals, whenever frames really come, so that the rate is kept on
// average, and starts afresh after a pause of the camera. Two frames are at least half an interval apart.
func (v *Viewer) thin(f *Frame) {
	interval := v.interval(f)
	if interval == 0 {
		return
	}
	v.soonest = f.Arrived.Add(interval / 2)
	v.due = v.due.Add(interval)
	if v.due.Before(f.Arrived) {
		v.due = f.Arrived.Add(interval * 3 / 4)
	}
}

// interval is how long f counts against the limits of the viewer.
func (v *Viewer) interval(f *Frame) time.Duration {
	var seconds float64
	if v.options.MaxFPS > 0 {
		seconds = 1 / v.options.MaxFPS
	}
	if rate := v.maxRate(); rate > 0 {
		seconds = max(seconds, float64(len(f.JPEG()))/rate)
	}
	return time.Duration(seconds * float64(time.Second))
}

// safely calls a function of the viewer's in a goroutine that is not the viewer's. If it panics that is the viewer's end.
func (v *Viewer) safely(f func()) {
	if v.failed.Load() {
		return
	}
	if p := contain.Call(f); p != nil {
		v.failed.Store(true)
		v.stream.logPanic("a viewer panicked", p)
	}
}

// Sent counts frames that were sent, and their bytes, for [Stats]: only the caller knows what becomes of frames. It may be called
// from any goroutine.
func (v *Viewer) Sent(frames, bytes int) {
	v.stream.sent.frames.Add(uint64(frames))
	v.stream.sent.bytes.Add(uint64(bytes))
}

// sent is what viewers have passed on.
type sent struct {
	frames, bytes atomic.Uint64
}

// Close ends the viewer. A second call does nothing.
func (v *Viewer) Close() {
	if !v.closed {
		v.closed = true
		v.stream.leave(v)
	}
}

// Frames iterates over the frames of a viewer of its own, until ctx is done or the stream has ended: for a program that wants the
// pictures and nothing else.
func (s *Stream) Frames(ctx context.Context) iter.Seq[*Frame] {
	return func(yield func(*Frame) bool) {
		v := s.View(ViewerOptions{})
		defer v.Close()
		for {
			f, err := v.Next(ctx)
			if err != nil || !yield(f) {
				return
			}
		}
	}
}
