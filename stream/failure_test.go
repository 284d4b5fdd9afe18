package stream_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// Each failure is counted once, by what the camera failed at, and what Stats has given away does not change.
func TestFailures(t *testing.T) { synctest.Test(t, testFailures) }

func testFailures(t *testing.T) {
	plain := errors.New("plain")
	runs := []func(emit func(stream.Picture)) error{
		func(func(stream.Picture)) error { return stream.FailedDial.Of(plain) },
		func(func(stream.Picture)) error { return stream.RetryAfter(stream.FailedLogin.Of(plain), time.Second) },
		func(func(stream.Picture)) error { return stream.FailedStatus.Of(stream.RetrySoon(plain)) },
		func(func(stream.Picture)) error { return plain },
		func(func(stream.Picture)) error { return nil },
		func(func(stream.Picture)) error { return stream.FailedDial.Of(stream.FailedDevice.Of(plain)) }, // the innermost holds
		func(emit func(stream.Picture)) error {
			emit(stream.Picture{Lost: stream.FailedDevice.Of(plain)})
			emit(stream.Picture{JPEG: streamtest.Picture(1)})
			return fmt.Errorf("around: %w", stream.FailedDevice.Of(plain))
		},
		func(func(stream.Picture)) error { panic("a mistake") },
	}
	n := 0
	s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
		if n++; n <= len(runs) {
			return runs[n-1](emit)
		}
		<-ctx.Done() // it stalls
		return ctx.Err()
	}), stream.Options{Keep: true, Stall: time.Minute})
	synctest.Wait()
	first := s.Stats()
	time.Sleep(2 * time.Minute)
	stats := s.Stats()
	want := map[stream.Failure]uint64{stream.FailedDial: 1, stream.FailedLogin: 1, stream.FailedStatus: 1, stream.FailedContent: 3, stream.FailedDevice: 3, stream.FailedStall: 1}
	if !maps.Equal(stats.Failed, want) || stats.Failure != stream.FailedStall {
		t.Errorf("%v, want %v; the latest %q", stats.Failed, want, stats.Failure)
	}
	if len(first.Failed) != 1 || first.Failed[stream.FailedDial] != 1 {
		t.Errorf("what was given away has become %v", first.Failed)
	}
	if stats.Recovered != 1 {
		t.Errorf("it was back %d times, of 1", stats.Recovered)
	}
}

// What is no failure is left as it is.
func TestNoFailure(t *testing.T) {
	for _, err := range []error{nil, stream.ErrEnded, context.Canceled} {
		if got := stream.FailedDial.Of(err); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}

// What viewers say they have sent is counted, and what a source says it spent.
func TestSent(t *testing.T) {
	jpeg := streamtest.Picture(1)
	s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
		emit(stream.Picture{JPEG: jpeg, Encoding: 3 * time.Millisecond})
		emit(stream.Picture{JPEG: []byte("no picture")})
		return stream.ErrEnded
	}), stream.Options{})
	v := s.View(stream.ViewerOptions{})
	defer v.Close()
	for {
		frame, err := v.Next(t.Context())
		if err != nil {
			break
		}
		v.Sent(1, len(frame.Part()))
		v.Sent(1, 7)
	}
	stats := s.Stats()
	if stats.Sent != 2 || stats.SentBytes < uint64(len(jpeg))+7 {
		t.Errorf("%d frames, %d bytes", stats.Sent, stats.SentBytes)
	}
	if stats.Encoding != 3*time.Millisecond || stats.Received != uint64(len(jpeg)+len("no picture")) {
		t.Errorf("encoded for %v, %d bytes received", stats.Encoding, stats.Received)
	}
}
