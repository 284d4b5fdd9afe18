package stream

import (
	"context"
	"errors"
	"time"

	"mjpegazer/stream/mjpeg"
)

// A Source is a camera: anything that makes pictures until it is told to stop.
//
// Run connects, calls emit with every picture as soon as it is whole, and returns when ctx is done or the camera has failed. A
// Stream calls it again after a pause, and never before an earlier call has returned. Viewers read its error, which should name
// the reason in a user's words and hold no secrets. It may be [ErrEnded], or come from [RetryAfter], [RetrySoon] or [Failure.Of].
// A nil error means that the camera ended its stream, and counts as a failure.
type Source interface {
	Run(ctx context.Context, emit func(Picture)) error
}

// SourceFunc makes a function a Source.
type SourceFunc func(ctx context.Context, emit func(Picture)) error

// Run calls f.
func (f SourceFunc) Run(ctx context.Context, emit func(Picture)) error { return f(ctx, emit) }

// A Picture is what a Source emits.
type Picture struct {
	// JPEG is one whole picture, borrowed until emit returns. Nil says that the camera answered but has nothing new: viewers get
	// nothing, and the camera has not stalled.
	JPEG []byte
	// Time is when the picture was taken; zero means now.
	Time time.Time
	// Damaged is how many pictures were dropped as broken since the last call of emit.
	Damaged int
	// Encoding is how long it took to make the JPEG, where the source made it; 0: the camera did.
	Encoding time.Duration
	// Facts are what is known of the camera, for people to read; nil means unchanged. The map must not be changed afterwards.
	Facts map[string]string
	// Via are the programs that the picture has come by, the nearest first; nil: it comes from a camera.
	Via mjpeg.Via
	// Lost, beside no JPEG, says why the camera is away, where Run goes on without it until it is back: a source that views
	// another Stream does not begin again for that. The last picture is forgotten, and the state is [Down] until the next one;
	// there is no stall meanwhile. It counts as a failure. [RetryAfter] may say when the camera is tried again.
	Lost error
}

// Errors of [Viewer.Next].
var (
	// ErrEnded, returned by Run, says that the source has come to its end, as a file does, and that this is no failure.
	// [Viewer.Next] returns it after the last picture.
	ErrEnded = errors.New("the source has ended")
	// ErrClosed says that the Stream or the Viewer is closed.
	ErrClosed = errors.New("the stream is closed")
)

// RetryAfter wraps an error of Run: the next try comes after d, and not earlier for a new viewer. A camera that refused a login
// may lock the account if it is tried again and again.
func RetryAfter(err error, d time.Duration) error { return &retryError{err, d} }

type retryError struct {
	error
	after time.Duration
}

func (e *retryError) Unwrap() error { return e.error }

// RetrySoon wraps an error of Run: another try costs the camera next to nothing, as nothing answers there yet. While viewers wait
// the pause before it does not grow beyond 2 s.
func RetrySoon(err error) error { return &soonError{err} }

type soonError struct{ error }

func (e *soonError) Unwrap() error { return e.error }
