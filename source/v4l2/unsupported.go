//go:build !linux

package v4l2

import (
	"errors"
	"fmt"
)

// errSystem says where webcams can be read. The methods of a Device are never reached, because Open fails.
var errSystem = fmt.Errorf("webcams can be read on Linux only: %w", errors.ErrUnsupported)

// A Device is an open camera.
type Device struct{ Node Node }

// Open fails.
func Open(path string) (*Device, error) { return nil, errSystem }

// Nodes fails.
func Nodes() ([]Node, error) { return nil, errSystem }

// Holders finds none.
func Holders(path string) []string { return nil }

// Group finds none.
func Group(path string) string { return "" }

// Configure fails.
func (*Device) Configure(Mode) (Mode, error) { return Mode{}, errSystem }

// Formats fails.
func (*Device) Formats() ([]Format, error) { return nil, errSystem }

// Sizes fails.
func (*Device) Sizes(format FourCC) ([]Size, error) { return nil, errSystem }

// Controls fails.
func (*Device) Controls() ([]Control, error) { return nil, errSystem }

// Control fails.
func (*Device) Control(id uint32) (int, error) { return 0, errSystem }

// SetControl fails.
func (*Device) SetControl(id uint32, value int) error { return errSystem }

// Start fails.
func (*Device) Start(buffers int) error { return errSystem }

// Read fails.
func (*Device) Read(dst []byte) (Frame, error) { return Frame{}, errSystem }

// Interrupt does nothing.
func (*Device) Interrupt() {}

// Close fails.
func (*Device) Close() error { return errSystem }
