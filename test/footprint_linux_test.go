package test

import (
	"testing"
	"time"
)

// TestIdleMemory is the program that nobody watches.
func TestIdleMemory(t *testing.T) {
	p := start(t, command(t, anyPort))
	time.Sleep(500 * time.Millisecond)
	kilobytes := resident(t, p.pid)
	t.Logf("resident while idle: %.1f MB", kilobytes/1024)
	if kilobytes > 15<<10 {
		t.Errorf("%.0f KB resident while idle, more than 15 MB", kilobytes)
	}
}
