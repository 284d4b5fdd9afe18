package source_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"mjpegazer/source"
	"mjpegazer/stream"
)

// What is read on this machine fails as a device, whichever kind of camera it is.
func TestDevicesFail(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"webcam://63", "mediadevices:none", "exec:/no/such/program", "file:/no/such/file", "file:" + empty,
		"file:/no/such/file#turn=90",
	} {
		spec, err := source.Parse(text, source.Defaults{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		err = spec.Source.Run(t.Context(), func(stream.Picture) {})
		var failed interface{ Failure() stream.Failure }
		if !errors.As(err, &failed) || failed.Failure() != stream.FailedDevice {
			t.Errorf("%s: %v", text, err)
		}
	}
}
