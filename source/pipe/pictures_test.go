package pipe_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"mjpegazer/source"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// picture is one of many that differ in n.
func picture(n, width, height int) []byte {
	return streamtest.OfPixels(width, height).JPEG(n, time.Unix(1_700_000_000, 0))
}

// same fails unless got is want, bit by bit.
func same(t testing.TB, got, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d pictures, want %d", len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("picture %d differs: %d bytes, want %d", i, len(got[i]), len(want[i]))
		}
	}
}

// parse returns the source that text describes.
func parse(t testing.TB, text string) stream.Source {
	t.Helper()
	c, err := source.Parse(text, source.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Source
}

// collect runs src until it ends or n pictures have come.
func collect(t testing.TB, src stream.Source, n int) (pictures [][]byte, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = src.Run(ctx, func(p stream.Picture) {
		if p.JPEG != nil && len(pictures) < n {
			pictures = append(pictures, append([]byte(nil), p.JPEG...))
		}
		if len(pictures) == n {
			cancel()
		}
	})
	return pictures, err
}
