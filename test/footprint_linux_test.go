package test

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
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

// TestViewerStacks is what the goroutines of a viewer that waits stand on. Where the handlers around a stream need less than 3,296 bytes
// the collector halves the larger of its two stacks.
func TestViewerStacks(t *testing.T) {
	notRacing(t)
	t.Parallel()
	const viewers, most = 200, 14 << 10
	door := newCamera(t, 20*time.Millisecond, streamtest.OfSize(50_000).JPEG)
	p := start(t, command(t, anyPort, "door="+door.URL))
	for range viewers {
		go io.Copy(io.Discard, view(t, p.url+"/door/live").reader)
	}
	awaitMetrics(t, p.url+"/metrics", "the stacks stay larger", func(metrics string) bool {
		bytes, _ := strconv.ParseFloat(sampleOf(metrics, "go_memstats_stack_inuse_bytes"), 64)
		return bytes > 0 && bytes < 1<<20+viewers*most
	})
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
