package test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// anyPort makes the program choose its port; start reads it from what the program says.
const anyPort = "-listen=127.0.0.1:0"

// workshop is the directory of the programs that this run of the tests built.
var workshop = filepath.Join(os.TempDir(), fmt.Sprintf("mjpegazer-test-%d", os.Getpid()))

// build makes the program, static as it is given to people, once for all tests; under go test -race it is one that looks
// for races itself.
var build = sync.OnceValues(func() (path string, err error) {
	path = filepath.Join(workshop, "mjpegazer")
	if racing {
		return path, compile(path, []string{"CGO_ENABLED=1"}, "-race")
	}
	return path, compile(path, []string{"CGO_ENABLED=0"})
})

func TestMain(m *testing.M) {
	if os.Getenv(floorVariable) != "" {
		os.Exit(floor())
	}
	code := m.Run()
	os.RemoveAll(workshop)
	os.Exit(code)
}

// compile builds the program into a file.
func compile(path string, env []string, flags ...string) error {
	args := slices.Concat([]string{"build", "-ldflags=-s -w", "-o", path}, flags, []string{module})
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// command is the program, with nothing of the tester's environment that could lead it astray.
func command(tb testing.TB, args ...string) *exec.Cmd {
	tb.Helper()
	path, err := build()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), path, args...)
	cmd.Dir = tb.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "SYSTEMROOT=" + os.Getenv("SYSTEMROOT")}
	return cmd
}

// A program is a running one.
type program struct {
	url    string // of its page, without the last slash
	pid    int
	cmd    *exec.Cmd
	said   *transcript
	exited chan struct{} // closed when it has ended
}

// start starts a program and waits until it says where it listens. It ends with the test.
func start(tb testing.TB, cmd *exec.Cmd) *program {
	tb.Helper()
	p := launch(tb, cmd)
	p.url = p.await(tb, `(?:browser"|floor at).*?(https?://127\.0\.0\.[0-9]:[0-9]+)/["\s]`)
	return p
}

// launch starts a program that may have nothing to say. It ends with the test.
func launch(tb testing.TB, cmd *exec.Cmd) *program {
	tb.Helper()
	p := &program{cmd: cmd, said: &transcript{more: make(chan struct{}, 1)}, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.said, p.said
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	p.pid = cmd.Process.Pid
	go func() {
		defer close(p.exited)
		cmd.Wait()
	}()
	tb.Cleanup(func() {
		<-p.exited // tb.Context is done, so the program was told
		if strings.Contains(p.said.String(), "DATA RACE") {
			tb.Error("a data race")
		}
		if tb.Failed() {
			tb.Logf("the program said:\n%s", p.said)
		}
	})
	return p
}

// await waits until what the program said matches, and returns the match's first group.
func (p *program) await(tb testing.TB, pattern string) string {
	tb.Helper()
	wanted := regexp.MustCompile(pattern)
	deadline := time.After(10 * time.Second)
	for {
		if match := wanted.FindStringSubmatch(p.said.String()); match != nil {
			return match[len(match)-1]
		}
		select {
		case <-p.said.more:
		case <-p.exited:
			tb.Fatalf("the program ended and never said %s:\n%s", pattern, p.said)
		case <-deadline:
			tb.Fatalf("the program never said %s:\n%s", pattern, p.said)
		}
	}
}

// stop sends SIGTERM, and returns the exit code and how long the end took.
func (p *program) stop(tb testing.TB) (code int, took time.Duration) {
	tb.Helper()
	begun := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		tb.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		tb.Fatal("the program did not end within 30 s of SIGTERM")
	}
	return p.cmd.ProcessState.ExitCode(), time.Since(begun)
}

// run runs a program that is to end by itself.
func run(tb testing.TB, cmd *exec.Cmd) (code int, stdout, stderr string) {
	tb.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	stuck := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
	defer stuck.Stop()
	if err := cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		tb.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// A transcript is what a program says, readable while it speaks.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case t.more <- struct{}{}:
	default:
	}
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// freePort is one that nobody listens on.
func freePort(tb testing.TB) string {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// need finds a program that a test cannot do without; packages are Debian's.
func need(tb testing.TB, name, pkg string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		miss(tb, fmt.Sprintf("no %s here: apt-get install %s", name, pkg))
	}
	return path
}

// full reports whether tests must not be skipped, nor take less time than they could.
func full() bool { return os.Getenv("MJPEGAZER_TEST") == "full" }

// miss ends a test that lacks something which can be installed.
func miss(tb testing.TB, what string) {
	tb.Helper()
	if full() {
		tb.Fatal(what)
	}
	tb.Skip(what)
}

// notRacing skips what the race detector sees nothing of, or makes too slow or large to be measured.
func notRacing(tb testing.TB) {
	tb.Helper()
	if racing {
		tb.Skip("has nothing to show under go test -race")
	}
}
