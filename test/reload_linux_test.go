package test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

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
		"allowed-hosts": "host.example", "cors": "https://a.example", "trusted-proxy": "unix", "public": "true", "external-url": "http://cameras.example", "log-level": "debug",
		"http2": "true", "log-format": "json", "log-file": filepath.Join(directory, "log"), "stall": "9s", "max-frame": "1MB",
	}
}

// testedElsewhere are the keys that add cameras and addresses, those that send viewers away, and those that take a NATS server.
var testedElsewhere = []string{"listen", "metrics-listen", "tls-cert", "tls-key", "cameras", "users", "token", "tokens", "link-key", "anonymous", "publish", "publish-rank"}

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
