//go:build unix

package watch_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router/internal/watch"
)

// A named pipe would never come to an end, nor even open.
func TestNamedPipe(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		if _, err := watch.Open(nil, words, fifo); err == nil {
			t.Error("a named pipe is read")
		}
		path := newFile(t, "one")
		files, err := watch.Open(nil, words, string(path))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(fifo, string(path)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if got := files.Get(); got != "one" {
			t.Error(got)
		}
	})
}
