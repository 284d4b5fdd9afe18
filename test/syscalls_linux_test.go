package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// TestOneCallPerFrame counts how the program hands frames to the kernel: where the socket takes it whole, each is one call, with TLS
// as without.
func TestOneCallPerFrame(t *testing.T) {
	file := certificate(t, t.TempDir())
	t.Run("HTTP", func(t *testing.T) { oneCallPerFrame(t) })
	t.Run("HTTPS", func(t *testing.T) { oneCallPerFrame(t, "-tls-cert", file, "-tls-key", file) })
}

func oneCallPerFrame(t *testing.T, flags ...string) {
	strace := need(t, "strace", "strace")
	pictures := streamtest.OfSize(50_000)
	camera := newCamera(t, 20*time.Millisecond, pictures.JPEG)
	p := start(t, command(t, append(flags, anyPort, camera.URL)...))
	v := view(t, p.url+"/live")
	reading := make(chan error, 1)
	go func() { reading <- watchOrder(v, pictures, camera.Sent()+150) }()
	time.Sleep(500 * time.Millisecond) // the kernel finds out how much this connection carries
	file := filepath.Join(t.TempDir(), "calls")
	trace(t, strace, p, file, time.Second)
	if err := <-reading; err != nil {
		t.Fatal(err)
	}
	calls, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	call := regexp.MustCompile(`(?m)^[0-9]+ +(?:write|writev|sendto|sendmsg)\(([0-9]+), .*?(?:= ([0-9]+))?$`)
	parts, all := map[string]int{}, map[string]int{}
	for _, m := range call.FindAllSubmatch(calls, -1) {
		descriptor := string(m[1])
		all[descriptor]++
		if n, _ := strconv.Atoi(string(m[2])); n > 50_000 {
			parts[descriptor]++
		}
	}
	if len(parts) != 1 {
		t.Fatalf("parts went to %d descriptors, not one:\n%s", len(parts), calls)
	}
	for descriptor, n := range parts {
		t.Logf("%d system calls for %d frames", all[descriptor], n)
		if n < 15 || float64(all[descriptor]) > 1.1*float64(n) {
			t.Errorf("%d system calls for %d frames of 50 KB", all[descriptor], n)
		}
	}
}

// trace writes a program's calls to a file for a while.
func trace(t *testing.T, strace string, p *program, file string, d time.Duration) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), strace, "-f", "-e", "trace=write,writev,sendto,sendmsg", "-e", "signal=none",
		"-o", file, "-p", strconv.Itoa(p.pid))
	said := &transcript{more: make(chan struct{}, 1)}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(d)
	cmd.Process.Signal(syscall.SIGINT) // detaches
	cmd.Wait()
	if strings.Contains(said.String(), "not permitted") {
		t.Skip("strace may not look at other processes here: needs root, or kernel.yama.ptrace_scope=0")
	}
}
