//go:build unix

package source_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mjpegazer/source"
)

// A reload parses every SOURCE, so one that is not there, or would block, must not matter.
func TestParseOpensNothing(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	for text, check := range map[string]string{
		"https://cam.invalid/#ca=" + pipe:     "it is not a regular file",
		"https://cam.invalid/#ca=/nowhere/ca": "no such file",
		"webcam://65000#brightness=1":         "",
		"file:" + pipe:                        "",
		"file:/nowhere/film.mjpeg":            "",
		"exec:/nowhere/program":               "",
		"-":                                   "",
	} {
		spec, err := source.Parse(text, source.Defaults{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if err := spec.Check(); check == "" && err != nil || check != "" && (err == nil || !strings.Contains(err.Error(), check)) {
			t.Errorf("%s: %v; want %q", text, err, check)
		}
	}
}
