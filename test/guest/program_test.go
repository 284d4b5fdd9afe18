//go:build linux

package guest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

const binary = "/mjpegazer"

// A program is the built binary, serving.
type program struct {
	cmd  *exec.Cmd
	url  string
	said *transcript
}

// serve starts the binary with arguments and waits until it listens. It is stopped when the test ends.
func serve(t testing.TB, args ...string) *program {
	t.Helper()
	return serveAs(t, 0, args...)
}

// serveAs is serve for another user.
func serveAs(t testing.TB, user uint32, args ...string) *program {
	t.Helper()
	p := &program{said: &transcript{}}
	p.cmd = exec.Command(binary, append([]string{"-listen=127.0.0.1:0", "-linger=200ms"}, args...)...)
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("the program said:\n%s", p.said)
		}
	})
	listening := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	await(t, patience, "address", func() bool {
		p.url = listening.FindString(p.said.String())
		return p.url != ""
	})
	return p
}

// stop ends the program as a service manager does.
func (p *program) stop(t testing.TB) {
	if p.cmd.ProcessState != nil {
		return
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	start := time.Now()
	p.cmd.Wait()
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("the program took %v to end", took)
	}
}

// run runs the binary to its end.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// get fetches a whole answer.
func (p *program) get(t testing.TB, path string) (code int, body []byte) {
	t.Helper()
	resp, err := http.Get(p.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

// A cameraStatus is what /status says of a camera.
type cameraStatus struct {
	Address string
	State   string
	Error   string `json:"last_error"`
	Width   int
	Height  int
	Frames  uint64
	FPS     float64
	Viewers int
	Skipped uint64
	Damaged uint64
	Facts   map[string]string
}

// status is what /status says of the first camera.
func (p *program) status(t testing.TB) cameraStatus {
	t.Helper()
	_, body := p.get(t, "/status")
	var s struct{ Cameras []cameraStatus }
	if err := json.Unmarshal(body, &s); err != nil {
		t.Fatal(err)
	}
	return s.Cameras[0]
}

// A viewer reads /live.
type viewer struct {
	body  io.Closer
	parts *multipart.Reader
}

// view asks for the first camera's pictures.
func (p *program) view(t testing.TB) *viewer {
	t.Helper()
	resp, err := http.Get(p.url + "/live")
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("/live: %s: %s", resp.Status, b)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &viewer{resp.Body, multipart.NewReader(resp.Body, "frame")}
}

// next is the next picture.
func (v *viewer) next() ([]byte, error) {
	part, err := v.parts.NextPart()
	if err != nil {
		return nil, err
	}
	size, err := strconv.Atoi(part.Header.Get("Content-Length"))
	if err != nil {
		return nil, err
	}
	picture := make([]byte, size)
	_, err = io.ReadFull(part, picture)
	return picture, err
}

func (v *viewer) mustNext(t testing.TB) []byte {
	t.Helper()
	picture, err := v.next()
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// position finds a picture among those that a camera sends, -1 where it is none of them.
func position(all [][]byte, picture []byte) int {
	return slices.IndexFunc(all, func(p []byte) bool { return bytes.Equal(p, picture) })
}

// transcript is what a program says, readable while it speaks.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}
