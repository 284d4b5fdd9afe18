//go:build !nats

package nats

import (
	"context"

	"mjpegazer/stream"
)

// Built reports whether this program can speak NATS.
const Built = false

type (
	edge struct{} // of a Publisher
	pool struct{} // of Connections
)

// Check returns [ErrMissing].
func (Servers) Check() error { return ErrMissing }

// CheckAddress returns [ErrMissing].
func (Servers) CheckAddress() error { return ErrMissing }

// CheckAddress returns [ErrMissing].
func (*Camera) CheckAddress() error { return ErrMissing }

// Check returns [ErrMissing].
func (*Camera) Check() error { return ErrMissing }

// Run returns [ErrMissing].
func (*Camera) Run(context.Context, func(stream.Picture)) error {
	return stream.FailedDial.Of(ErrMissing)
}

// Publish does nothing.
func (*edge) Publish(map[string]*stream.Stream) {}

// Close does nothing.
func (*edge) Close() {}

// Close does nothing.
func (*pool) Close() {}
