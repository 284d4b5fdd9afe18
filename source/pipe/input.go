package pipe

import (
	"context"
	"fmt"
	"io"
	"sync"

	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// Input is a stream of bytes that comes once, such as standard input: JPEGs or multipart. It is read by a goroutine of its
// own, which ends with the bytes, for a read of standard input cannot be called off; a Run that follows goes on where the
// last one was.
type Input struct {
	Reader   io.Reader
	MaxFrame int // in bytes; 0 means [mjpeg.DefaultMaxFrame]

	begin    sync.Once
	pictures chan stream.Picture // closed at the end
	emitted  chan struct{}       // the picture may be overwritten
	err      error               // set before pictures is closed
}

// Run emits the pictures until they end, which is [stream.ErrEnded].
func (i *Input) Run(ctx context.Context, emit func(stream.Picture)) error {
	i.begin.Do(func() {
		i.pictures, i.emitted = make(chan stream.Picture), make(chan struct{})
		go i.read()
	})
	for ctx.Err() == nil { // of two that are ready select may take either
		select {
		case <-ctx.Done():
		case picture, ok := <-i.pictures:
			if !ok {
				return i.err
			}
			emit(picture)
			i.emitted <- struct{}{}
		}
	}
	return ctx.Err()
}

// read hands on one picture at a time.
func (i *Input) read() {
	defer close(i.pictures)
	n, err := emitAll(mjpeg.NewReader(i.Reader, i.MaxFrame), func(p stream.Picture) {
		i.pictures <- p
		<-i.emitted
	})
	switch {
	case err != io.EOF:
		i.err = fmt.Errorf("%w: it cannot be read: %w", stream.ErrEnded, redact.Cause(err))
	case n == 0:
		i.err = fmt.Errorf("%w: there was no JPEG in it", stream.ErrEnded)
	default:
		i.err = stream.ErrEnded
	}
}
