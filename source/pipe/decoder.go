package pipe

import (
	"context"
	"errors"
	"io"

	"mjpegazer/stream"
	"mjpegazer/stream/contain"
)

// A DecodeRawer returns one whole JPEG after another, as the Decoder of github.com/mattn/go-mjpeg does, and io.EOF at the
// end.
type DecodeRawer interface {
	DecodeRaw() ([]byte, error)
}

// Decoder makes a camera of anything that decodes to whole JPEGs. Open is called for each run, and its error ends the run.
// What it returns is read by one goroutine. The closer, which may be nil, is closed when the run ends or ctx is done,
// whichever comes first; that must end a call of DecodeRaw.
func Decoder(open func(ctx context.Context) (DecodeRawer, io.Closer, error)) stream.Source {
	return stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
		decoder, closer, err := open(ctx)
		if err != nil {
			return err
		}
		if closer != nil {
			end := contain.Once(func() { closer.Close() })
			defer end() // which panics once more if it has before
			defer context.AfterFunc(ctx, func() { contain.Call(end) })()
		}
		for {
			jpeg, err := decoder.DecodeRaw()
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err == io.EOF:
				return errors.New("the camera ended its stream")
			case err != nil:
				return err
			}
			emit(stream.Picture{JPEG: jpeg})
		}
	})
}
