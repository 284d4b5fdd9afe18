package test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// A configured is a program with a configuration file, which is its test's to change.
type configured struct {
	*program
	tb   testing.TB
	path string
}

// serve starts a program with a configuration.
func serve(tb testing.TB, text string, args ...string) *configured {
	tb.Helper()
	s := &configured{tb: tb, path: filepath.Join(tb.TempDir(), "mjpegazer.yaml")}
	s.write(text)
	s.program = start(tb, command(tb, append([]string{"-config", s.path, anyPort}, args...)...))
	return s
}

func (s *configured) write(text string) {
	s.tb.Helper()
	if err := os.WriteFile(s.path, []byte(text), 0o600); err != nil {
		s.tb.Fatal(err)
	}
}

// configuration is what /status says of it.
type configuration struct {
	Read       time.Time
	Successful bool
	Mistakes   []string
}

func (s *configured) configuration() configuration {
	s.tb.Helper()
	response, err := http.Get(s.url + "/status")
	if err != nil {
		s.tb.Fatal(err)
	}
	defer response.Body.Close()
	var status struct{ Configuration configuration }
	if err := json.NewDecoder(response.Body).Decode(&status); err != nil {
		s.tb.Fatal(err)
	}
	return status.Configuration
}

// hangUp sends SIGHUP, and waits for what comes of it.
func (s *configured) hangUp() configuration {
	s.tb.Helper()
	before := s.configuration().Read
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		s.tb.Fatal(err)
	}
	return s.awaitReload(before)
}

// awaitReload waits for a reload after a time.
func (s *configured) awaitReload(before time.Time) configuration {
	s.tb.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if c := s.configuration(); c.Read.After(before) {
			return c
		}
	}
	s.tb.Fatalf("it was not reloaded:\n%s", s.said)
	return configuration{}
}

// change writes the file and reloads it, which must go well.
func (s *configured) change(text string) {
	s.tb.Helper()
	s.write(text)
	if c := s.hangUp(); !c.Successful || len(c.Mistakes) > 0 {
		s.tb.Fatalf("%q:\n%s", text, c.Mistakes)
	}
}

// refused writes the file and reloads it, which must fail for all these reasons.
func (s *configured) refused(text string, reasons ...string) {
	s.tb.Helper()
	s.write(text)
	c := s.hangUp()
	if c.Successful || len(c.Mistakes) != len(reasons) {
		s.tb.Fatalf("%q:\n%v\nwant %q", text, c.Mistakes, reasons)
	}
	for i, reason := range reasons {
		if !strings.Contains(c.Mistakes[i], reason) {
			s.tb.Errorf("%s\nwant %s", c.Mistakes[i], reason)
		}
		s.await(s.tb, `(level=ERROR msg="configuration not reloaded, nothing changes" reason=.*)`)
	}
}

// A watcher is a viewer that reads all the time, and notes what it sees.
type watcher struct {
	*viewer
	seen, missed, restarts atomic.Int64
	last                   atomic.Int64
	ended                  chan error // io.EOF: after a whole part
}

// watch looks at a camera with these pictures until the stream ends.
func watch(tb testing.TB, address string, pictures streamtest.Pictures) *watcher {
	tb.Helper()
	w := &watcher{viewer: view(tb, address), ended: make(chan error, 1)}
	if err := w.expect("--frame\r\n"); err != nil {
		tb.Fatal(err)
	}
	go func() { w.ended <- w.read(pictures) }()
	return w
}

func (w *watcher) read(pictures streamtest.Pictures) error {
	for {
		w.within(time.Minute)
		part, err := w.next()
		if err != nil {
			return err
		}
		n, err := pictures.Check(part.jpeg)
		if err != nil {
			return err
		}
		switch last := int(w.last.Load()); {
		case part.repeated():
		case last == 0 || n == last+1:
		case n > last:
			w.missed.Add(int64(n - last - 1))
		default: // another camera
			w.restarts.Add(1)
		}
		w.last.Store(int64(n))
		w.seen.Add(1)
	}
}

// goesOn waits until the watcher has seen some more.
func (w *watcher) goesOn(tb testing.TB, most time.Duration) {
	tb.Helper()
	goOn(tb, []*watcher{w}, most)
}

// goOn waits until all have seen some more.
func goOn(tb testing.TB, all []*watcher, most time.Duration) {
	tb.Helper()
	seen := make([]int64, len(all))
	for i, w := range all {
		seen[i] = w.seen.Load()
	}
	deadline := time.Now().Add(most)
	for i, w := range all {
		for w.seen.Load() < seen[i]+3 {
			select {
			case err := <-w.ended:
				tb.Fatalf("the stream ended: %v", err)
			case <-time.After(5 * time.Millisecond):
			}
			if time.Now().After(deadline) {
				tb.Fatalf("no pictures within %v", most)
			}
		}
	}
}

// undisturbed checks that nothing happened to a viewer of a camera that nobody touched.
func (w *watcher) undisturbed(tb testing.TB, c camera) {
	tb.Helper()
	w.goesOn(tb, 10*time.Second)
	if n := len(c.Starts()); n != 1 || w.restarts.Load() > 0 {
		tb.Errorf("the camera was opened %d times", n)
	}
}
