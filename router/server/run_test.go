package server_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"mjpegazer/router/server"
)

// A transcript is what the program writes, readable while it runs.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
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

// await waits until the text matches, and returns the match's last group.
func (t *transcript) await(tb testing.TB, pattern string) string {
	tb.Helper()
	wanted := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if match := wanted.FindStringSubmatch(t.String()); match != nil {
			return match[len(match)-1]
		}
	}
	tb.Fatalf("the program never wrote %s:\n%s", pattern, t)
	return ""
}

// A program is a running one.
type program struct {
	url    string // of its page, with the last slash
	stderr *transcript
	stop   context.CancelFunc
	exited chan int // holds the exit status
}

const anyPort = "-listen=127.0.0.1:0"

// launch runs the program until the test ends or stops it. Run must then return.
func launch(t *testing.T, environ []string, args ...string) *program {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	p := &program{stderr: &transcript{}, stop: stop, exited: make(chan int, 1)}
	go func() { p.exited <- server.Run(ctx, args, environ, p.stderr, p.stderr) }()
	t.Cleanup(func() {
		stop()
		p.exitStatus(t)
	})
	return p
}

// start launches the program and waits until it says where it listens.
func start(t *testing.T, environ []string, args ...string) *program {
	t.Helper()
	p := launch(t, environ, append([]string{anyPort}, args...)...)
	p.url = p.stderr.await(t, `browser".*?(https?://127\.0\.0\.1:[0-9]+/)["\s]`)
	return p
}

// exitStatus waits for the program's end.
func (p *program) exitStatus(t *testing.T) int {
	t.Helper()
	select {
	case status := <-p.exited:
		p.exited <- status
		return status
	case <-time.After(10 * time.Second):
		t.Fatalf("the program did not end:\n%s", p.stderr)
		return 0
	}
}

// run runs the program with a command line on which it ends by itself.
func run(t *testing.T, environ []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	status = server.Run(ctx, args, environ, &out, &errs)
	if ctx.Err() != nil {
		t.Errorf("%q: the program did not end by itself", args)
	}
	return status, out.String(), errs.String()
}

// newCamera serves MJPEG; a value comes out of ended for each connection that the program has closed.
func newCamera(t *testing.T) (url string, ended <-chan time.Time) {
	t.Helper()
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 32, 24)), nil); err != nil {
		t.Fatal(err)
	}
	closed := make(chan time.Time, 100)
	camera := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { closed <- time.Now() }()
		w.Header().Set("Content-Type", "multipart/x-mixed-replace;boundary=frame")
		for r.Context().Err() == nil {
			fmt.Fprintf(w, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n", picture.Len(), picture.Bytes())
			http.NewResponseController(w).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	}))
	t.Cleanup(camera.Close)
	return camera.URL, closed
}

// snapshot asks for one picture.
func snapshot(t *testing.T, p *program) {
	t.Helper()
	response, err := http.Get(p.url + "snapshot")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("/snapshot: %s", response.Status)
	}
}

// TestLingerNot releases the camera as soon as its last viewer has gone.
func TestLingerNot(t *testing.T) {
	for _, setting := range []struct{ flag, variable string }{
		{flag: "-linger=0"}, {flag: "-linger=0s"}, {variable: "MJPEGAZER_LINGER=0"},
	} {
		camera, ended := newCamera(t)
		args := []string{camera}
		if setting.flag != "" {
			args = append(args, setting.flag)
		}
		p := start(t, []string{setting.variable}, args...)
		snapshot(t, p)
		begun := time.Now()
		select {
		case at := <-ended:
			if took := at.Sub(begun); took > time.Second {
				t.Errorf("%v: the camera was released after %v", setting, took)
			}
		case <-time.After(3 * time.Second):
			t.Errorf("%v: the camera is still open after 3 s", setting)
		}
	}
}

// TestNoLimit is what 0 means for every limit.
func TestNoLimit(t *testing.T) {
	camera, _ := newCamera(t)
	p := start(t, nil, camera, "-max-rate=0", "-max-viewers=0", "-max-viewers-per-camera=0", "-heartbeat=0")
	snapshot(t, p)
	start(t, []string{"MJPEGAZER_MAX_RATE=0"}, camera)
}

// TestVersionVariable is set by container images, and is no setting.
func TestVersionVariable(t *testing.T) {
	p := start(t, []string{"MJPEGAZER_VERSION=1.2.3"}, "pattern:")
	p.stop()
	if status := p.exitStatus(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
	if said := p.stderr.String(); strings.Contains(said, "VERSION") {
		t.Errorf("a warning of a variable that means no harm: %s", said)
	}
}

// A brittle writer panics at the line that the camera is up.
type brittle struct{ *transcript }

func (b brittle) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("camera up")) {
		panic("oh")
	}
	return b.transcript.Write(p)
}

// Where the log goes may panic: that costs a line, and not the program.
func TestLogThatPanics(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	p := &program{stderr: &transcript{}, exited: make(chan int, 1)}
	go func() { p.exited <- server.Run(ctx, []string{anyPort}, nil, p.stderr, brittle{p.stderr}) }()
	p.url = p.stderr.await(t, `browser".*?(http://127\.0\.0\.1:[0-9]+/)["\s]`)
	snapshot(t, p)
	stop()
	if status := p.exitStatus(t); status != 0 || !strings.Contains(p.stderr.String(), "log lines lost") {
		t.Errorf("exit status %d:\n%s", status, p.stderr)
	}
}
