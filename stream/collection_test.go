package stream_test

import (
	"context"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// Large pictures that nobody holds any more do not pile up: with the source's own buffer and the two newest there are never five.
func TestLargePicturesDoNotPileUp(t *testing.T) {
	const size = 8 << 20
	picture := streamtest.OfSize(size).JPEG(1, time.Now())
	used := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	runtime.GC()
	base, most := used()-size, uint64(0)
	s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
		for range 30 {
			emit(stream.Picture{JPEG: picture})
			most = max(most, used())
		}
		return stream.ErrEnded
	}), stream.Options{})
	for range s.Frames(t.Context()) {
	}
	if most -= base; most > 5*size {
		t.Errorf("%.1f pictures took memory at a time", float64(most)/size)
	}
	runtime.KeepAlive(picture)
}
