//go:build unix

package pipe_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mjpegazer/source/pipe"
	"mjpegazer/stream"
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

// What must not be opened, cannot be read or never ends does not keep a folder's pictures away, nor the program busy.
func TestFilePassesOverBadEntries(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	want := [][]byte{picture(1, 64, 48), picture(2, 64, 48)}
	for i, name := range []string{"a.jpg", "z.jpg"} {
		if err := os.WriteFile(in(name), want[i], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, make := range map[string]func(path string) error{
		"b.jpg":  func(path string) error { return os.Mkdir(path, 0o700) },
		"c.jpg":  func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"d.jpg":  func(path string) error { return os.Symlink(path, path) },
		"e.jpg":  func(path string) error { return os.WriteFile(path, want[0], 0) },
		"f.jpg":  func(path string) error { return os.Symlink("/dev/zero", path) },
		"g.jpg":  func(path string) error { return os.Symlink(path+".gone", path) },
		"h.jpg":  func(path string) error { return os.WriteFile(path, nil, 0o600) },
		".i.jpg": func(path string) error { return os.WriteFile(path, want[1], 0o600) },
	} {
		if err := make(in(name)); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() == 0 { // who can read everything
		os.Remove(in("e.jpg"))
	}
	got, err := collect(t, parse(t, "file:"+folder+"#fps=1000"), 3)
	same(t, got, want)
	if err != stream.ErrEnded {
		t.Error(err)
	}
}

// A file of a terabyte without a picture, and a pipe that never stops, are closed with their context.
func TestFileEndsWhenItIsTold(t *testing.T) {
	sparse := filepath.Join(t.TempDir(), "sparse")
	if err := os.WriteFile(sparse, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(sparse, 1<<40); err != nil {
		t.Skip("no sparse files here:", err)
	}
	for _, loop := range []bool{false, true} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		begun := time.Now()
		err := (&pipe.File{Path: sparse, Loop: loop}).Run(ctx, func(stream.Picture) {})
		if took := time.Since(begun); err == nil || took > time.Second {
			t.Errorf("%v after %v", err, took)
		}
		cancel()
	}
	for _, path := range []string{"/dev/zero", "/dev/null"} {
		if err := (&pipe.File{Path: path}).Run(t.Context(), func(stream.Picture) {}); err == nil || !strings.Contains(err.Error(), "device") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
