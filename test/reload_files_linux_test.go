package test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReloadByItself needs no signal: files are swapped, deleted, half written, unreadable and back, also those that the
// configuration names.
func TestReloadByItself(t *testing.T) {
	t.Parallel()
	door := newSmallCamera(t)
	directory, err := os.MkdirTemp("", "mjpegazer-reload-") // where another user may read
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	os.Chmod(directory, 0o755)
	path := filepath.Join(directory, "mjpegazer.yaml")
	text := func(number int) string {
		return fmt.Sprintf("cameras:\n  door: %s\n  number%d: {source: 'http://ann@127.0.0.1:1/', password-file: password}\n", door.URL, number)
	}
	put := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("password", "one")
	put("mjpegazer.yaml", text(1))
	cmd := command(t, "-config", path, anyPort)
	if os.Getuid() == 0 { // whom no permission stops
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		cmd.Dir = "/"
		os.Chmod(workshop, 0o755)
		os.Chmod(cmd.Path, 0o755)
	}
	s := &configured{tb: t, path: path, program: start(t, cmd)}
	v := watch(t, s.url+"/door/live", smallPictures)
	has := func(number int, most time.Duration) {
		t.Helper()
		for deadline := time.Now().Add(most); ; time.Sleep(50 * time.Millisecond) {
			if code, _ := status(t, fmt.Sprintf("%s/number%d/health", s.url, number)); code == http.StatusOK {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("number %d is not there after %v:\n%s", number, most, s.said)
			}
		}
	}
	const soon = 15 * time.Second
	put("mjpegazer.yaml", text(2))
	has(2, soon)

	// As Kubernetes does it: the file is a link into a directory that is a link.
	for i, name := range []string{"first", "second"} {
		if err := os.Mkdir(filepath.Join(directory, name), 0o755); err != nil {
			t.Fatal(err)
		}
		put(name+"/mjpegazer.yaml", text(3+i))
		put(name+"/password", "one")
	}
	link := func(target, name string) {
		t.Helper()
		temporary := filepath.Join(directory, "temporary")
		if err := os.Symlink(target, temporary); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(temporary, filepath.Join(directory, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("first", "data")
	link("data/mjpegazer.yaml", "mjpegazer.yaml")
	has(3, soon)
	link("second", "data")
	has(4, soon)

	// Deleted, and back as a file whose second half comes late.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s.await(t, `(cannot be read: no such file)`)
	if c := s.configuration(); c.Successful {
		t.Error("/status says that all is well")
	}
	has(4, soon)
	whole := text(5)
	put("mjpegazer.yaml", "")
	time.Sleep(2500 * time.Millisecond)
	put("mjpegazer.yaml", whole[:strings.Index(whole, "number5")+3]) // it would be a mistake, or another camera
	time.Sleep(2500 * time.Millisecond)
	put("mjpegazer.yaml", whole)
	has(5, soon)
	if said := s.said.String(); strings.Contains(said, "is empty") || strings.Contains(said, "a key must") {
		t.Errorf("half a file was read:\n%s", said)
	}

	// Nobody may read it any more, and after a while again.
	os.Chmod(path, 0)
	s.await(t, `(cannot be read: permission denied)`)
	os.Chmod(path, 0o644)
	before := s.configuration().Read
	for c := s.awaitReload(before); !c.Successful; c = s.awaitReload(c.Read) {
		t.Log(c)
	}
	put("mjpegazer.yaml", text(6))
	has(6, soon)

	// A file that it names.
	put("password", "")
	s.await(t, `(password-file: the file is empty)`)
	put("password", "two")
	s.await(t, `(camera number6 is opened again, with another source)`)
	v.undisturbed(t, door)
}
