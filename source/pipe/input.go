package pipe

import (
	"context"
	"fmt"
	"io"
	"sync"

	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
	"mjpegazer/stream/contain"
	"mjpegazer/stream/mjpeg"
)

// An Input is a stream of bytes that can be read once, such as standard input. A read of standard input cannot be
// interrupted, so a goroutine reads it, from the first Run to the end of the bytes; each Run continues where the last one
// stopped.
type Input struct {
	Reader   io.Reader
	MaxFrame int // how large a picture may be, in bytes; 0: [mjpeg.DefaultMaxFrame]

	begin    sync.Once
	pictures chan stream.Picture // closed at the end
	emitted  chan struct{}       // the picture may be overwritten
	reading  contain.Group
	panicked sync.Once // passes on a panic of reading
	err      error     // set before pictures is closed
}

// Run emits the pictures to the end of the bytes. It then returns an error that wraps [stream.ErrEnded].
func (i *Input) Run(ctx context.Context, emit func(stream.Picture)) error {
	i.begin.Do(func() {
		i.pictures, i.emitted = make(chan stream.Picture), make(chan struct{})
		i.reading.Go(i.read)
	})
	for ctx.Err() == nil { // select may choose either case where both are ready
		select {
		case <-ctx.Done():
		case picture, ok := <-i.pictures:
			if !ok {
				i.panicked.Do(i.reading.Wait)
				return i.err
			}
			i.emit(picture, emit)
		}
	}
	return ctx.Err()
}

// emit calls a function that may panic, which is not the end of the bytes.
func (i *Input) emit(picture stream.Picture, emit func(stream.Picture)) {
	defer func() { i.emitted <- struct{}{} }()
	emit(picture)
}

// read passes on one picture at a time.
func (i *Input) read() {
	defer close(i.pictures)
	i.err = fmt.Errorf("%w: reading it failed in an unforeseen way; the log says more", stream.ErrEnded) // where it panics
	n, err := emitAll(mjpeg.NewReader(i.Reader, i.MaxFrame), func(p stream.Picture) {
		i.pictures <- p
		<-i.emitted
	})
	switch {
	case err != io.EOF:
		i.err = fmt.Errorf("%w: it cannot be read: %w", stream.ErrEnded, redact.Cause(err))
	case n == 0:
		i.err = fmt.Errorf("%w: it held no JPEG", stream.ErrEnded)
	default:
		i.err = stream.ErrEnded
	}
}
