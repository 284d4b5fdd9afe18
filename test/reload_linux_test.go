package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
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

// TestReloadCameras changes, adds, renames and removes cameras, each by a signal.
func TestReloadCameras(t *testing.T) {
	t.Parallel()
	door, garden, other := newSmallCamera(t), newSmallCamera(t), newSmallCamera(t)
	file := func(cameras ...string) string { return "cameras:\n  " + strings.Join(cameras, "\n  ") + "\n" }
	untouched := "door: " + door.URL
	s := serve(t, file(untouched, "garden: "+garden.URL))
	first, second := watch(t, s.url+"/door/live", smallPictures), watch(t, s.url+"/garden/live", smallPictures)
	second.goesOn(t, 10*time.Second)

	s.change(file(untouched, "garden: "+other.URL+"#stall=5s"))
	deadline := time.Now().Add(2 * time.Second)
	for second.restarts.Load() == 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	second.goesOn(t, 2*time.Second)
	if now, _ := garden.Running(); now > 0 || second.restarts.Load() != 1 {
		t.Errorf("the old camera is read by %d; the viewer saw %d changes", now, second.restarts.Load())
	}
	s.await(t, `(camera garden is opened again, with another source)`)

	s.change(file("yard: "+garden.URL, untouched, "garden: "+other.URL+"#stall=5s"))
	watch(t, s.url+"/yard/live", smallPictures).goesOn(t, 10*time.Second)
	watch(t, s.url+"/live", smallPictures).goesOn(t, 10*time.Second) // the first, which it is now
	if code, _ := status(t, s.url+"/none/live"); code != http.StatusNotFound {
		t.Errorf("a camera that there is not: %d", code)
	}

	s.change(file(untouched, "terrace: "+other.URL+"#stall=5s"))
	if err := <-second.ended; err != io.EOF {
		t.Errorf("the stream of a camera that was renamed ended by %v, not after a whole part", err)
	}
	if code, _ := status(t, s.url+"/garden/live"); code != http.StatusNotFound {
		t.Errorf("the old name: %d", code)
	}
	watch(t, s.url+"/terrace/live", smallPictures).goesOn(t, 10*time.Second)
	s.change("title: none\n"[:0] + "cameras:\n  door: {source: '" + door.URL + "', title: Tür}\n")
	if _, page := ask(t, http.MethodGet, s.url+"/"); !strings.Contains(page, "<h2>Tür</h2>") {
		t.Error("the page does not say the title")
	}
	first.undisturbed(t, door)
}

// TestReloadMistakes finds all of them, and changes nothing.
func TestReloadMistakes(t *testing.T) {
	t.Parallel()
	door, other := newSmallCamera(t), newSmallCamera(t)
	good := "max-viewers: 1\ncameras:\n  door: " + door.URL + "\n"
	s := serve(t, good)
	viewer := watch(t, s.url+"/door/live", smallPictures)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	changed := "max-viewers: 5\ncameras:\n  door: " + other.URL + "\n  more: " + other.URL + "\n"
	s.refused(changed+"stal: 5s\nlinger: canary\n", ":5:1: unknown key: did you mean stall?", ":6:9: linger: give a duration")
	s.refused(changed+"  less: canary://canary\n  live: canary\n", ":5:9: not a source", ":6:3: the name is a route")
	s.refused(changed+"users: canary\n", ":5:8: users: no such file")
	s.refused(changed+"tls-cert: canary\ntls-key: canary\n", ":5:11: tls-cert: no such file")
	s.refused(changed+"log-file: none/canary\n", ":5:11: log-file: no such file")
	s.refused("", "the file is empty")
	s.refused(changed+"  less: \"canary\n", "this quote is never closed")
	if err := os.Remove(s.path); err != nil {
		t.Fatal(err)
	}
	if c := s.hangUp(); c.Successful || !strings.Contains(c.Mistakes[0], "cannot be read: no such file") {
		t.Error(c)
	}
	viewer.undisturbed(t, door)
	if code, _ := status(t, s.url+"/door/live"); code != http.StatusServiceUnavailable {
		t.Errorf("the second viewer of one gets %d", code)
	}
	if other.Sent() > 0 || strings.Contains(s.said.String(), "canary") {
		t.Errorf("%d pictures of the other camera; it said\n%s", other.Sent(), s.said)
	}
	s.change(good)
}

// TestReloadAddressInUse changes nothing else either.
func TestReloadAddressInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address, free := "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t)
	path := writeFile(t, "mjpegazer.yaml", "listen: "+address+"\ncameras: {a: 'pattern:'}\n", 0o600)
	s := &configured{tb: t, path: path, program: launch(t, command(t, "-config", path))}
	s.url = s.await(t, `browser".*?(http://127\.0\.0\.1:[0-9]+)/`)
	s.refused("listen: ["+free+", "+taken.Addr().String()+"]\ncameras: {b: 'pattern:'}\n", ":1:9: listen: cannot listen on "+taken.Addr().String())
	if _, err := net.Dial("tcp", free); err == nil {
		t.Error("another address stays open")
	}
	if code, _ := status(t, s.url+"/a/health"); code != http.StatusOK {
		t.Errorf("the camera is gone: %d", code)
	}
}

// TestReloadListen moves to other addresses: new ones are open before old ones close, and connections go on.
func TestReloadListen(t *testing.T) {
	t.Parallel()
	door := newSmallCamera(t)
	port, second := freePort(t), freePort(t)
	directory := t.TempDir()
	certificate(t, directory)
	file := func(listen, more string) string {
		return "listen: " + listen + "\ncameras:\n  door: " + door.URL + "\n" + more
	}
	path := filepath.Join(directory, "mjpegazer.yaml")
	s := &configured{tb: t, path: path}
	s.write(file("127.0.0.1:"+port, ""))
	s.program = launch(t, command(t, "-config", path))
	s.url = s.await(t, `browser".*?(http://127\.0\.0\.1:[0-9]+)/`)
	first := watch(t, s.url+"/door/live", smallPictures)

	s.write(file("[127.0.0.1:"+second+", 'unix:socket']", ""))
	s.cmd.Process.Signal(syscall.SIGHUP)
	s.await(t, `(configuration: 127.0.0.1:`+port+` closes)`)
	if _, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
		t.Error("the old address is still open")
	}
	s.url = "http://127.0.0.1:" + second
	watch(t, s.url+"/door/live", smallPictures).goesOn(t, 10*time.Second)
	if body, err := overUnix(t, filepath.Join(directory, "socket"), "/health"); err != nil || body != "True" {
		t.Errorf("by the socket: %q, %v", body, err)
	}

	// The same port under another name: both are open for a moment.
	s.change(file("localhost:"+second, ""))
	if code, _ := status(t, s.url+"/health"); code != http.StatusOK {
		t.Errorf("by another name: %d", code)
	}
	if other, err := net.Listen("tcp", "127.0.0.1:"+second); err == nil {
		other.Close()
		t.Error("another program may listen beside this one")
	}
	if _, err := os.Lstat(filepath.Join(directory, "socket")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}

	// HTTPS at an address that is open.
	s.write(file("localhost:"+second, "tls-cert: certificate.pem\ntls-key: certificate.pem\nhttp2: true\n"))
	s.cmd.Process.Signal(syscall.SIGHUP)
	s.await(t, `(configuration: tls-cert changes)`)
	secure := "https://127.0.0.1:" + second
	if code, _ := status(t, secure+"/health"); code != http.StatusOK {
		t.Errorf("by HTTPS: %d", code)
	}
	watchAll(t, []*viewer{viewHTTP2(t, secure+"/door/live")}, smallPictures, 3)
	first.undisturbed(t, door)
}

// reloads are a value for each key of a configuration, with which a program can go on.
func reloads(directory string) map[string]string {
	return map[string]string{
		"linger": "7s", "keep": "true", "max-pixels": "1M", "health-threshold": "7", "heartbeat": "1s", "max-viewers": "7",
		"max-viewers-per-camera": "7", "max-rate": "10MB", "max-connections": "700", "max-cameras": "70",
		"allowed-hosts": "host.example", "cors": "https://a.example", "trusted-proxy": "unix", "public": "true", "log-level": "debug",
		"http2": "true", "log-format": "json", "log-file": filepath.Join(directory, "log"), "stall": "9s", "max-frame": "1MB",
	}
}

// testedElsewhere are the keys that add cameras and addresses, and those that send viewers away.
var testedElsewhere = []string{"listen", "metrics-listen", "tls-cert", "tls-key", "cameras", "users", "token", "tokens", "link-key", "anonymous"}

// TestReloadKeys changes every key there is, one after the other, and each back: nobody is cut off, and it is said what
// happens.
func TestReloadKeys(t *testing.T) {
	t.Parallel()
	camera := newSmallCamera(t)
	own := camera.URL + "#stall=5s&max-frame=2MB"
	directory := t.TempDir()
	cameras := "cameras:\n  door: " + own + "\n"
	s := serve(t, cameras)
	v := watch(t, s.url+"/door/live", smallPictures)
	samples := reloads(directory)
	_, example, _ := run(t, command(t, "example"))
	for key, line := range exampleKeys(example) {
		if samples[key] == "" && !slices.Contains(testedElsewhere, key) {
			t.Errorf("%s is not tested (%s)", key, line)
		}
	}
	changes := map[string]int{}
	reload := func(key, text string) {
		changes[key]++
		s.write(text)
		s.cmd.Process.Signal(syscall.SIGHUP)
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			file, _ := os.ReadFile(filepath.Join(directory, "log"))
			said := s.said.String() + string(file)
			if strings.Count(said, "configuration: "+key+" changes: ") == changes[key] {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: it was never said that it changes:\n%s", key, said)
			}
		}
	}
	for key, value := range samples {
		reload(key, cameras+key+": "+value+"\n")
		v.goesOn(t, 10*time.Second)
		reload(key, cameras)
		v.goesOn(t, 10*time.Second)
	}
	v.undisturbed(t, camera)
	if log, err := os.ReadFile(filepath.Join(directory, "log")); err != nil || len(log) == 0 {
		t.Errorf("the log file: %q, %v", log, err)
	}
}

// exampleKeys are the lines of the example by their keys.
func exampleKeys(example string) map[string]string {
	keys := map[string]string{}
	for line := range strings.Lines(example) {
		line = strings.TrimPrefix(line, "# ")
		if key, _, ok := strings.Cut(line, ": "); ok && key != "" && strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" {
			keys[key] = line
		}
	}
	return keys
}

// TestReloadBurst hangs up again and again while reloads are under way: the last file holds.
func TestReloadBurst(t *testing.T) {
	t.Parallel()
	door := newSmallCamera(t)
	s := serve(t, "cameras:\n  door: "+door.URL+"\n")
	v := watch(t, s.url+"/door/live", smallPictures)
	for i := range 60 {
		s.write(fmt.Sprintf("cameras:\n  door: %s\n  number%d: 'pattern:'\n", door.URL, i))
		s.cmd.Process.Signal(syscall.SIGHUP)
		time.Sleep(time.Duration(i%7) * time.Millisecond)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if code, _ := status(t, s.url+"/number59/health"); code == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the last file does not hold")
		}
	}
	if code, _ := status(t, s.url+"/number58/health"); code != http.StatusNotFound {
		t.Errorf("the one before holds as well: %d", code)
	}
	v.undisturbed(t, door)
}

// TestHangUpReopensLog as programs that rotate logs expect.
func TestHangUpReopensLog(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	log := filepath.Join(directory, "log")
	s := serve(t, "cameras: {door: 'pattern:'}\n", "-log-level=debug")
	s.change("cameras: {door: 'pattern:'}\nlog-file: " + log + "\n")
	if err := os.Rename(log, log+".1"); err != nil {
		t.Fatal(err)
	}
	s.hangUp()
	s.hangUp()
	if text, err := os.ReadFile(log); err != nil || !strings.Contains(string(text), "configuration reloaded") {
		t.Errorf("%q, %v", text, err)
	}
}
