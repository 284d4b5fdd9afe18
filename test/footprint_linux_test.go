package test

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestIdleMemory is the program that nobody watches.
func TestIdleMemory(t *testing.T) {
	notRacing(t)
	p := start(t, command(t, anyPort))
	time.Sleep(500 * time.Millisecond)
	kilobytes := resident(t, p.pid)
	t.Logf("resident while idle: %.1f MB", kilobytes/1024)
	if kilobytes > 15<<10 {
		t.Errorf("%.0f KB resident while idle, more than 15 MB", kilobytes)
	}
}

// TestBinarySize is what a small board has to store.
func TestBinarySize(t *testing.T) {
	notRacing(t)
	path := filepath.Join(t.TempDir(), "mjpegazer")
	if err := compile(path, []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm"}); err != nil {
		t.Fatal(err)
	}
	file, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("stripped for linux/arm: %.2f MB", float64(file.Size())/(1<<20))
	if file.Size() > 10_000_000 {
		t.Errorf("%d bytes stripped for linux/arm, more than 10 MB", file.Size())
	}
}
