package test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestCommandDiesWithTheProgram kills the program with SIGKILL, after which nothing of it can act: the kernel ends the command.
func TestCommandDiesWithTheProgram(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pid")
	p := start(t, command(t, "-listen=127.0.0.1:0", "-keep", "exec:sh -c 'echo $$ > "+file+"; exec sleep 1000'"))
	var pid int
	eventually(t, 10*time.Second, "the command has started", func() bool {
		text, _ := os.ReadFile(file)
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return pid > 0
	})
	if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the command has ended", func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	})
}

// eventually waits for an event, and fails where it does not come in time.
func eventually(t *testing.T, most time.Duration, event string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(most); !happened(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v it is not so that %s", most, event)
		}
	}
}
