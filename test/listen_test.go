package test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// overUnix asks through a Unix socket, by a name that only such may have.
func overUnix(t *testing.T, socket, path string) (body string, err error) {
	t.Helper()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return net.Dial("unix", socket) },
	}}
	response, err := client.Get("http://any.example" + path)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	return string(all), err
}

// TestListenInSeveralPlaces names addresses in all ways, with a Unix socket among them.
func TestListenInSeveralPlaces(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	first, second := "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t)
	cmd := command(t, "-listen", first+","+second, "-listen", "unix:"+socket)
	cmd.Env = append(cmd.Env, "MJPEGAZER_LISTEN=203.0.113.1:1")
	p := start(t, cmd)
	p.await(t, "(unix:"+socket+")")
	for _, address := range []string{first, second} {
		if code, _ := status(t, "http://"+address+"/health"); code != http.StatusOK {
			t.Errorf("%s: %d", address, code)
		}
	}
	if body, err := overUnix(t, socket, "/health"); err != nil || body != "True" {
		t.Errorf("%s: %q, %v", socket, body, err)
	}
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	p.stop(t)
	if _, err := os.Lstat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is left behind: %v", err)
	}
	cmd = command(t)
	cmd.Env = append(cmd.Env, "MJPEGAZER_LISTEN="+first+", "+second)
	start(t, cmd)
	if code, _ := status(t, "http://"+second+"/health"); code != http.StatusOK {
		t.Errorf("by the environment: %d", code)
	}
}

// TestUnixSocketInTheWay is stale, alive, or no socket at all.
func TestUnixSocketInTheWay(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	killed := launch(t, command(t, "-listen=unix:"+socket))
	killed.await(t, "(unix:"+socket+")")
	killed.cmd.Process.Kill()
	<-killed.exited
	if _, err := os.Lstat(socket); err != nil {
		t.Fatal("no stale socket:", err)
	}
	p := launch(t, command(t, "-listen=unix:"+socket))
	p.await(t, "(unix:"+socket+")")
	if body, err := overUnix(t, socket, "/health"); err != nil || body != "True" {
		t.Errorf("instead of a stale socket: %q, %v", body, err)
	}
	for _, taken := range []string{socket, writeFile(t, "file", "precious", 0o600)} {
		code, stdout, stderr := run(t, command(t, "-listen=unix:"+taken))
		if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, taken) {
			t.Errorf("exit %d, stdout %q, stderr %q: not exit 1 with one line that names %s", code, stdout, stderr, taken)
		}
		if _, err := os.Stat(taken); err != nil {
			t.Error(err)
		}
	}
	if body, err := overUnix(t, socket, "/health"); err != nil || body != "True" {
		t.Errorf("after another wanted it: %q, %v", body, err)
	}
}

// TestSocketActivation passes sockets as systemd does (sd_listen_fds(3)): they are served, and the default address is not.
func TestSocketActivation(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs something else than Windows")
	}
	for _, test := range []struct {
		name string
		args []string
	}{{"alone", nil}, {"with -listen", []string{anyPort}}} {
		t.Run(test.name, func(t *testing.T) {
			tcp, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			unix, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
			if err != nil {
				t.Fatal(err)
			}
			unix.(*net.UnixListener).SetUnlinkOnClose(false)
			cmd := command(t, test.args...)
			passed := exec.CommandContext(t.Context(), "sh", append([]string{"-c", `export LISTEN_PID=$$; exec "$0" "$@"`}, cmd.Args...)...)
			passed.Dir, passed.Env = cmd.Dir, append(cmd.Env, "LISTEN_FDS=2", "FLASK_RUN_PORT="+freePort(t))
			for _, l := range []net.Listener{tcp, unix} {
				file, err := l.(interface{ File() (*os.File, error) }).File()
				if err != nil {
					t.Fatal(err)
				}
				l.Close()
				defer file.Close()
				passed.ExtraFiles = append(passed.ExtraFiles, file)
			}
			p := start(t, passed)
			if code, _ := status(t, "http://"+tcp.Addr().String()+"/health"); code != http.StatusOK {
				t.Errorf("%d", code)
			}
			if body, err := overUnix(t, unix.Addr().String(), "/health"); err != nil || body != "True" {
				t.Errorf("%q, %v", body, err)
			}
			if told := p.await(t, `address="?(http[^"\n]+)`); strings.Count(told, "http") != 1+len(test.args) {
				t.Errorf("it listens at %s", told)
			}
			if code, _ := p.stop(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}
