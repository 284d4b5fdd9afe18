package variant

import (
	"context"
	"errors"
	"time"

	"mjpegazer/stream"
)

// A View is a Source that is a viewer of a Stream, with the times of its pictures. It goes on when the camera is away, and
// says so as the Stream does ([stream.Picture].Lost): a Stream of it should have [stream.Options].NoStall.
type View struct {
	Stream *stream.Stream
}

var errClosed = errors.New("the camera that this is a variant of is not served any more")

// lookPause is how often a View looks for what no picture tells: that the camera has answered, and has nothing new.
const lookPause = time.Second

// Run implements [stream.Source].
func (v View) Run(ctx context.Context, emit func(stream.Picture)) error {
	changed := make(chan struct{}, 1)
	viewer := v.Stream.View(stream.ViewerOptions{Via: stream.FromContext(ctx).Via, Notify: func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}})
	defer viewer.Close()
	look := time.NewTicker(lookPause)
	defer look.Stop()
	failures := 0
	for {
		frame, err := viewer.Poll()
		switch {
		case errors.Is(err, stream.ErrClosed):
			return errClosed
		case frame != nil:
			emit(stream.Picture{JPEG: frame.JPEG(), Time: frame.Time, Via: frame.Via})
			failures = 0
			continue
		case err != nil:
			return err
		}
		failures = v.state(emit, failures)
		select {
		case <-changed:
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// state tells that the camera is away, once for each of its failures.
func (v View) state(emit func(stream.Picture), failures int) int {
	stats := v.Stream.Stats()
	switch {
	case stats.State == stream.Down && stats.Failures != failures:
		emit(stream.Picture{Lost: stats.Failure.Of(stream.RetryAfter(errors.New(stats.Error), stats.Retry))})
		return stats.Failures
	case stats.State == stream.Live && stats.Unchanged:
		emit(stream.Picture{})
	}
	return failures
}
