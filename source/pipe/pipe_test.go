//go:build unix

package pipe_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Writers of a named pipe come and go, some in the middle of a picture.
func TestFileReadsANamedPipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	want := [][]byte{picture(1, 64, 48), picture(2, 64, 48)}
	write := func(b []byte) {
		pipe, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer pipe.Close()
		pipe.Write(b)
	}
	go func() {
		write(want[0])
		write(want[0][:900])
		write(want[1])
	}()
	got, _ := collect(t, parse(t, "file:"+name), 2)
	same(t, got, want)
}
