package stream

import (
	"context"
	"slices"

	"mjpegazer/stream/mjpeg"
)

type streamKey struct{}

// FromContext returns the Stream that runs a source with ctx; nil: none does.
func FromContext(ctx context.Context) *Stream {
	s, _ := ctx.Value(streamKey{}).(*Stream)
	return s
}

// Via returns the programs that the pictures go to, as viewers say by [ViewerOptions].Via. A source of other programs' pictures
// tells them, so that no picture comes back to where it was. A nil Stream has none.
func (s *Stream) Via() (all mjpeg.Via) {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	passing := slices.Clone(s.passing)
	s.mu.Unlock()
	for _, v := range passing { // which may look at another Stream
		v.safely(func() { all = all.Then(v.options.Via()) })
	}
	return all
}
