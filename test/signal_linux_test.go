package test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// commandCamera is a camera that is a command, and waits until it runs: pid returns the command's process.
func commandCamera(t *testing.T) (source string, pid func() int) {
	file := filepath.Join(t.TempDir(), "pid")
	source = "exec:sh -c 'echo $$ >" + file + "; exec sleep 600'"
	return source, func() int {
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			text, _ := os.ReadFile(file)
			if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
				return n
			}
		}
		t.Fatal("the camera's command was never started")
		return 0
	}
}

// mustBeGone fails when a process still runs.
func mustBeGone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if syscall.Kill(pid, 0) == syscall.ESRCH {
			return
		}
	}
	syscall.Kill(pid, syscall.SIGKILL)
	t.Errorf("the camera's command, process %d, outlived the program", pid)
}

// TestHangup: SIGHUP asks a program to read its configuration again, and must not end it.
func TestHangup(t *testing.T) {
	t.Parallel()
	source, pid := commandCamera(t)
	p := start(t, command(t, anyPort, "-keep", source))
	child := pid()
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.await(t, "(SIGHUP)")
	if code, _ := status(t, p.url+"/status"); code != http.StatusOK {
		t.Errorf("/status after SIGHUP: %d", code)
	}
	if err := syscall.Kill(child, 0); err != nil {
		t.Errorf("the camera's command after SIGHUP: %v", err)
	}
	if code, _ := p.stop(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	mustBeGone(t, child)
}

// TestListenerFails breaks the socket that the program was given. It must end in order: its cameras with it.
func TestListenerFails(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	listener.Close()
	source, pid := commandCamera(t)
	cmd := command(t, "-keep", source)
	passed := exec.CommandContext(t.Context(), "sh", append([]string{"-c", `export LISTEN_PID=$$; exec "$0" "$@"`}, cmd.Args...)...)
	passed.Dir, passed.Env = cmd.Dir, append(cmd.Env, "LISTEN_FDS=1")
	passed.ExtraFiles = []*os.File{socket}
	p := start(t, passed)
	child := pid()
	if err := syscall.Shutdown(int(socket.Fd()), syscall.SHUT_RDWR); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(10 * time.Second):
		t.Fatal("the program goes on without a listener")
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(p.said.String(), "mjpegazer: "+address) {
		t.Errorf("exit %d, not 1 with an error that names %s: %s", code, address, p.said)
	}
	mustBeGone(t, child)
}
