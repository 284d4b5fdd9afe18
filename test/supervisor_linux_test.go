package test

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A manager is a service manager's socket.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
	path string
}

func newManager(t *testing.T) *manager {
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &manager{t, conn, path}
}

// next is the next message with a prefix; others are passed over.
func (m *manager) next(prefix string) string {
	m.t.Helper()
	m.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		buffer := make([]byte, 4096)
		n, err := m.conn.Read(buffer)
		if err != nil {
			m.t.Fatalf("%s: %v", prefix, err)
		}
		if message := string(buffer[:n]); strings.HasPrefix(message, prefix) {
			return message
		}
	}
}

// TestServiceManager is told when the program is ready, reloads, stops, what it does, and that it lives.
func TestServiceManager(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	door := newSmallCamera(t)
	text := "cameras:\n  door: " + door.URL + "\n  dead: http://127.0.0.1:1/\n"
	path := writeFile(t, "mjpegazer.yaml", text, 0o600)
	cmd := command(t, "-config", path, anyPort, "-keep")
	cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+m.path, "WATCHDOG_USEC=1500000")
	s := &configured{tb: t, path: path, program: launch(t, cmd)}
	if got := m.next("READY=1"); got != "READY=1\nSTATUS=2 cameras, 0 live, 0 viewers" {
		t.Errorf("%q", got)
	}
	s.url = s.await(t, `browser".*?(http://127\.0\.0\.1:[0-9]+)/`)
	v := watch(t, s.url+"/door/live", smallPictures)
	for m.next("STATUS=") != "STATUS=2 cameras, 1 live, 1 viewer" {
	}
	last := time.Now()
	for range 4 { // also with a camera that is dead
		m.next("WATCHDOG=1")
		if pause := time.Since(last); pause > 1500*time.Millisecond {
			t.Errorf("%v without a sign of life", pause)
		}
		last = time.Now()
	}

	before := now(t)
	s.change(text + "  more: 'pattern:'\n")
	var began int64
	if _, err := fmt.Sscanf(m.next("RELOADING=1"), "RELOADING=1\nMONOTONIC_USEC=%d", &began); err != nil || began < before || began > now(t) {
		t.Errorf("reloading began at %d, %v; between %d and %d", began, err, before, now(t))
	}
	if got := m.next("READY=1"); got != "READY=1\nSTATUS=3 cameras, 1 live, 1 viewer" && got != "READY=1\nSTATUS=3 cameras, 2 live, 1 viewer" {
		t.Errorf("%q", got)
	}
	s.refused(text+"mroe: canary\n", ":4:1: unknown key")
	m.next("RELOADING=1")
	if got := m.next("READY=1"); !strings.Contains(got, "STATUS=configuration not reloaded: "+path+":4:1: unknown key") {
		t.Errorf("%q", got)
	}
	v.goesOn(t, 10*time.Second)
	m.next("WATCHDOG=1")
	go s.cmd.Process.Signal(syscall.SIGTERM)
	m.next("STOPPING=1")
}

// now is the time of CLOCK_MONOTONIC in microseconds.
func now(t *testing.T) int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		t.Fatal(err)
	}
	return ts.Nano() / 1000
}

// TestHealthz answers whatever cameras do and whoever asks, unlike /health, which is the first camera's.
func TestHealthz(t *testing.T) {
	t.Parallel()
	token := writeFile(t, "token", secretToken, 0o600)
	p := start(t, command(t, anyPort, "-token", token, "-health-threshold=1", "-keep", "http://127.0.0.1:1/"))
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if code, _ := status(t, p.url+"/health"); code == http.StatusServiceUnavailable {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the camera is healthy")
		}
	}
	if response, body := ask(t, http.MethodGet, p.url+"/healthz"); response.StatusCode != http.StatusOK || body != "ok\n" {
		t.Errorf("%s %q", response.Status, body)
	}
	if code, _ := status(t, p.url+"/status"); code != http.StatusUnauthorized {
		t.Errorf("/status: %d", code)
	}
}
