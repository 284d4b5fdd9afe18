package stream

import (
	"context"
	"errors"
	"time"
)

// A Source is a camera: anything that can make pictures until it is told to stop.
//
// Run connects, calls emit for every picture as soon as it is whole, and returns when ctx is done or the camera has
// failed; a Stream calls it again after a pause, and never while an earlier call has not returned. An error that names
// the reason in a user's words becomes what viewers read; it may be [ErrEnded] or carry a [RetryAfter]. A nil error
// means that the camera ended its stream, and counts as a failure all the same.
type Source interface {
	Run(ctx context.Context, emit func(Picture)) error
}

// SourceFunc makes a function a Source.
type SourceFunc func(ctx context.Context, emit func(Picture)) error

// Run calls f.
func (f SourceFunc) Run(ctx context.Context, emit func(Picture)) error { return f(ctx, emit) }

// A Picture is what a Source emits.
type Picture struct {
	// JPEG is one whole picture, borrowed until emit returns. Nil says that the camera answered but has nothing new: it
	// keeps a stall away, and viewers get nothing.
	JPEG []byte
	// Time is when the picture was taken; zero means now.
	Time time.Time
	// Damaged is how many pictures were dropped as broken since the last call of emit.
	Damaged int
	// Facts is what is known of the camera, for people to read; nil means unchanged. It must not be written to afterwards.
	Facts map[string]string
}

// ErrEnded, returned by Run, says that the source is over and that this is no failure: a file played to its end, say.
// [Viewer.Next] returns it to those who saw the last picture.
var ErrEnded = errors.New("the source has ended")

// ErrClosed is what [Viewer.Next] returns once the Stream or the Viewer is closed.
var ErrClosed = errors.New("the stream is closed")

// RetryAfter wraps an error of Run: the next try comes after d, neither earlier, whoever asks, nor later. A camera that
// refused a log-in locks the account when it is asked again and again.
func RetryAfter(err error, d time.Duration) error { return &retryError{err, d} }

type retryError struct {
	error
	after time.Duration
}

func (e *retryError) Unwrap() error { return e.error }

// RetrySoon wraps an error of Run: to try again costs the camera next to nothing, for nothing answers there yet. While viewers wait,
// the pause before the next try does not grow beyond 2 s.
func RetrySoon(err error) error { return &soonError{err} }

type soonError struct{ error }

func (e *soonError) Unwrap() error { return e.error }
