package pipe_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"mjpegazer/source/pipe"
	"mjpegazer/stream"
	"mjpegazer/stream/contain"
)

// ends runs a source, which must end with a panic that has the stack of a function.
func ends(t *testing.T, source stream.Source, emit func(stream.Picture), function string) {
	t.Helper()
	p := contain.Call(func() { t.Error("no panic:", source.Run(t.Context(), emit)) })
	if p == nil || !strings.Contains(p.Stack, function) {
		t.Errorf("%+v", p)
	}
}

type badReader struct{}

func (badReader) Read([]byte) (int, error) { panic("oh") }

// What reads an input panics in its run, where the Stream contains that, and the input is at its end.
func TestInputThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := picture(1, 64, 48)
		input := &pipe.Input{Reader: io.MultiReader(bytes.NewReader(want), badReader{})}
		n := 0
		ends(t, input, func(stream.Picture) { n++ }, "badReader")
		if err := input.Run(t.Context(), nil); n != 1 || !errors.Is(err, stream.ErrEnded) || !strings.Contains(err.Error(), "unforeseen") {
			t.Errorf("%d pictures, then %v", n, err)
		}
	})
}

// A panic of emit costs one picture of an input.
func TestEmitThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := [][]byte{picture(1, 64, 48), picture(2, 64, 48)}
		input := &pipe.Input{Reader: bytes.NewReader(bytes.Join(want, nil))}
		ends(t, input, func(stream.Picture) { panic("oh") }, "TestEmitThatPanics")
		got, err := collect(t, input, 2)
		if !errors.Is(err, stream.ErrEnded) {
			t.Error(err)
		}
		same(t, got, want[1:])
	})
}

type badCloser struct{ ctx context.Context }

func (c badCloser) DecodeRaw() ([]byte, error) { <-c.ctx.Done(); return nil, io.EOF }
func (c badCloser) Close() error               { panic("oh") }

func TestCloserThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		source := pipe.Decoder(func(ctx context.Context) (pipe.DecodeRawer, io.Closer, error) {
			return badCloser{ctx}, badCloser{ctx}, nil
		})
		cancelled := stream.SourceFunc(func(_ context.Context, emit func(stream.Picture)) error { return source.Run(ctx, emit) })
		cancel()
		ends(t, cancelled, nil, "badCloser")
	})
}
