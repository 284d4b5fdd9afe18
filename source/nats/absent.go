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

// List returns [ErrMissing].
func (*Camera) List(context.Context) ([]Listing, error) { return nil, ErrMissing }

// Publish does nothing.
func (*edge) Publish([]Published) {}

// Close does nothing.
func (*edge) Close() {}

// Close does nothing.
func (*pool) Close() {}
