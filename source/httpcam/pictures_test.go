package httpcam_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"testing"
	"time"

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

// pieces reads data in pieces of random length.
type pieces struct {
	data []byte
	rnd  *rand.Rand
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), 1+p.rnd.IntN(300))], p.data)
	p.data = p.data[n:]
	return n, nil
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
