//go:build nats && !windows

package nats_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"mjpegazer/stream/mjpeg"
)

// build makes the program that has NATS, and the one that has not.
var build = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "mjpegazer-nats-"); err != nil {
		return "", err
	}
	for name, tag := range map[string]string{"with": "nats", "without": ""} {
		cmd := exec.Command("go", "build", "-tags", tag, "-o", filepath.Join(dir, name), ".")
		cmd.Dir, cmd.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return dir, fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := build(); err == nil || dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// A program is a running one.
type program struct {
	*exec.Cmd
	said lockedBuffer
	url  string
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	dir, err := build()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{Cmd: exec.Command(filepath.Join(dir, "with"), append([]string{"-listen=127.0.0.1:0"}, args...)...)}
	p.Stderr, p.Dir = &p.said, t.TempDir()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Process.Kill()
		p.Wait()
		if strings.Contains(p.said.String(), "canary") {
			t.Error("the log tells a secret")
		}
	})
	eventually(t, "it listens", func() bool {
		if m := regexp.MustCompile(`http://127.0.0.1:\d+`).FindString(p.said.String()); m != "" {
			p.url = m
		}
		return p.url != ""
	})
	return p
}

func get(t *testing.T, address string) (int, string) {
	t.Helper()
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(body)
}

// recipe is a server with the lines that the README shows, and a login.
func recipe(t *testing.T) (s *server.Server, address string) {
	t.Helper()
	options, err := server.ProcessConfigFile("../recipes/nats-server.conf")
	if err != nil {
		t.Fatal(err)
	}
	s = serve(t, func(o *server.Options) {
		o.MaxPayload, o.MaxPending, o.NoFastProducerStall = options.MaxPayload, options.MaxPending, options.NoFastProducerStall
		o.Username, o.Password = "ann", "canary"
	})
	return s, "nats://ann:canary@" + hostOf(s)
}

// The README's command lines: an edge, one that stands by, and nodes by name and by *. The edge is killed or frozen.
func TestPrograms(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "frozen": syscall.SIGSTOP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, address := recipe(t)
			first := start(t, "-publish", address, "door=pattern:#width=64&height=48&fps=25")
			eventually(t, "the edge is there", func() bool { return s.NumSubscriptions() >= 2 })
			start(t, "-publish", address, "-publish-rank", "1", "-keep", "door=pattern:#width=64&height=48&fps=25")
			all := start(t, "*="+address+"/*")
			begun := time.Now()
			code, text := get(t, all.url+"/nothing/snapshot")
			if took := time.Since(begun); code != http.StatusServiceUnavailable || !strings.Contains(text, "no edge has this camera") || took > 5*time.Second {
				t.Errorf("%d after %v: %s", code, took, text)
			} else {
				t.Logf("503 after %v", took.Round(ms))
			}
			one := start(t, "door="+address+"/door")
			if code, text := get(t, one.url+"/door/snapshot"); code != http.StatusOK {
				t.Fatalf("%d: %s", code, text)
			}
			r, err := http.Get(all.url + "/door/live")
			if err != nil || r.StatusCode != http.StatusOK {
				t.Fatal(err, r.Status)
			}
			defer r.Body.Close()
			gap := longestGap(t, r, time.Second, 2*time.Second, func() { first.Process.Signal(signal) })
			check(t, gap, 500*ms)
			if signal == syscall.SIGSTOP {
				check(t, longestGap(t, r, 200*ms, 2*time.Second, func() { first.Process.Signal(syscall.SIGCONT) }), 500*ms)
			}
		})
	}
}

// longestGap is the longest pause of a stream's pictures once something has happened, after some time.
func longestGap(t *testing.T, r *http.Response, before, after time.Duration, happen func()) (gap time.Duration) {
	t.Helper()
	reader := mjpeg.NewReader(r.Body, mjpeg.DefaultMaxFrame)
	begun, last, happened := time.Now(), time.Now(), false
	timer := time.AfterFunc(20*time.Second, func() { r.Body.Close() })
	defer timer.Stop()
	for {
		if _, err := reader.Next(); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		if happened {
			gap = max(gap, now.Sub(last))
		}
		last = now
		switch since := now.Sub(begun); {
		case !happened && since > before:
			happened = true
			happen()
		case since > before+after:
			return gap
		}
	}
}

// A program without NATS says what to do; one with it says what is wrong, without secrets.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	dir, err := build()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "f.yaml")
	if err := os.WriteFile(file, []byte("cameras: {door: 'pattern:'}\npublish: nats://ann:canary@a,b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		with string
		args []string
		want string
	}{
		{"without", []string{"door=nats://ann:canary@h/door"}, `camera 1 ("door"): this program was built without NATS: take the archive`},
		{"without", []string{"*=nats://ann:canary@h/*"}, "this program was built without NATS"},
		{"without", []string{"-publish", "nats://ann:canary@h"}, "-publish: this program was built without NATS"},
		{"without", []string{"check", "-config", file}, "f.yaml:2:10: publish: this program was built without NATS"},
		{"without", []string{"-h"}, "(this program was built without NATS"},
		{"without", []string{"probe", "nats://ann:canary@h/door"}, "this program was built without NATS"},
		{"with", []string{"check", "-config", file}, "nothing is wrong"},
		{"with", []string{"-publish", "nats://ann:canary@h/door"}, "-publish: the address must be nats://HOST"},
		{"with", []string{"-publish-rank", "1"}, "give -publish as well"},
		{"with", []string{"door=nats://ann:canary@h"}, "the name of the camera must follow"},
		{"with", []string{"door=nats://ann:canary@h/door#creds=canary"}, "option creds: the file cannot be read"},
		{"with", []string{"-publish", "nats://h#creds=canary", "pattern:"}, "option creds: the file cannot be read"},
	} {
		out, _ := exec.Command(filepath.Join(dir, test.with), test.args...).CombinedOutput()
		if !strings.Contains(string(out), test.want) || strings.Contains(string(out), "canary") {
			t.Errorf("%s %q: %s", test.with, test.args, out)
		}
	}
}

// What is published changes with the configuration, and nobody is cut off.
func TestReload(t *testing.T) {
	t.Parallel()
	_, address := recipe(t)
	file := filepath.Join(t.TempDir(), "f.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const cameras = "cameras: {door: 'pattern:#width=64&height=48'}\n"
	write(cameras)
	e := start(t, "-config", file)
	n := start(t, "*="+address+"/*")
	code := func(name string) int { c, _ := get(t, n.url+"/"+name+"/snapshot"); return c }
	change := func(text, said string) {
		t.Helper()
		write(text)
		e.Process.Signal(syscall.SIGHUP)
		eventually(t, said, func() bool { return strings.Contains(e.said.String(), said) })
	}
	if c := code("door"); c != http.StatusServiceUnavailable {
		t.Errorf("%d before it is published", c)
	}
	change(cameras+"publish: "+address+"\n", "publish changes: holds at once")
	eventually(t, "door is published", func() bool { return code("door") == http.StatusOK })
	change(strings.Replace(cameras, "door", "gate", 1)+"publish: "+address+"\npublish-rank: 1\n", "publish-rank changes: holds at once")
	eventually(t, "gate is published", func() bool { return code("gate") == http.StatusOK })
	eventually(t, "door is not", func() bool { return code("door") == http.StatusServiceUnavailable })
	change(cameras, "camera gate is removed")
	eventually(t, "nothing is published", func() bool { return code("gate") == http.StatusServiceUnavailable })
	e.Process.Signal(syscall.SIGTERM)
	begun := time.Now()
	e.Wait()
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it ends after %v", took)
	}
}
