package stream

import (
	"context"
	"errors"
	"maps"
)

// A Failure is what a camera failed at, in one word: for those who count failures, where the error is for people.
type Failure string

// The failures.
const (
	FailedDial    Failure = "dial"    // it cannot be reached: its name, its address, its TLS
	FailedLogin   Failure = "login"   // it wants a login, or refuses the one that it got
	FailedStatus  Failure = "status"  // it answers, and refuses
	FailedStall   Failure = "stall"   // it sends nothing for too long, or no picture
	FailedContent Failure = "content" // it sends something else than pictures, or ended its stream
	FailedDevice  Failure = "device"  // a device, file or program of this machine cannot be read
)

// Of wraps an error of [Source].Run to say what the camera failed at. The innermost Of holds. An error without one counts as
// [FailedContent]. What is no failure is returned as it is: nil, [ErrEnded], the errors of a context.
func (f Failure) Of(err error) error {
	switch {
	case err == nil, err == context.Canceled, err == context.DeadlineExceeded, errors.Is(err, ErrEnded), errors.As(err, new(*failureError)):
		return err
	}
	return &failureError{err, f}
}

type failureError struct {
	error
	failure Failure
}

func (e *failureError) Unwrap() error { return e.error }

// Failure is for sources that put another error in the place of this one.
func (e *failureError) Failure() Failure { return e.failure }

// failureOf is what a camera failed at.
func failureOf(err error) Failure {
	var failed *failureError
	if errors.As(err, &failed) {
		return failed.failure
	}
	return FailedContent
}

// count counts a failure. The map that Stats has given away stays as it is.
func (s *Stream) count(err error) {
	failed := maps.Clone(s.stats.Failed)
	if failed == nil {
		failed = map[Failure]uint64{}
	}
	s.stats.Failure = failureOf(err)
	failed[s.stats.Failure]++
	s.stats.Failed = failed
}
