package pipe

import (
	"context"
	"errors"
	"io"
	"sync"

	"mjpegazer/stream"
)

// DecodeRawer returns one picture after the other, as the Decoder of github.com/mattn/go-mjpeg does.
type DecodeRawer interface {
	DecodeRaw() ([]byte, error)
}

// Decoder makes a camera of anything that decodes to whole JPEGs. Open is called for each run; what it returns is read by
// one goroutine, and the closer, which may be nil, is closed at the end of the run or when ctx is done, whichever is first:
// that must end a DecodeRaw that waits.
func Decoder(open func(ctx context.Context) (DecodeRawer, io.Closer, error)) stream.Source {
	return stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
		decoder, closer, err := open(ctx)
		if err != nil {
			return err
		}
		if closer != nil {
			end := sync.OnceFunc(func() { closer.Close() })
			defer end()
			defer context.AfterFunc(ctx, end)()
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
