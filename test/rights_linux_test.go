package test

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
	"time"
)

// basicHeader is a log-in as a header line.
func basicHeader(name, password string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

// watchAs is watch by somebody who logs in.
func watchAs(tb testing.TB, address, header string) *watcher {
	tb.Helper()
	w := &watcher{viewer: view(tb, address, header), ended: make(chan error, 1)}
	if err := w.expect("--frame\r\n"); err != nil {
		tb.Fatal(err)
	}
	go func() { w.ended <- w.read(smallPictures) }()
	return w
}

// endsSoon checks that a stream ends within 5 s after a whole part.
func (w *watcher) endsSoon(tb testing.TB, why string) {
	tb.Helper()
	w.endsWithin(tb, 5*time.Second, why)
}

// endsWithin checks that a stream ends in time after a whole part.
func (w *watcher) endsWithin(tb testing.TB, most time.Duration, why string) {
	tb.Helper()
	select {
	case err := <-w.ended:
		if err != io.EOF {
			tb.Errorf("%s: the stream ended by %v, not after a whole part", why, err)
		}
	case <-time.After(most):
		tb.Errorf("%s: the stream goes on after %v", why, most)
	}
}

// TestRevoked takes users and tokens away from those who watch: by their files, and by a reload.
func TestRevoked(t *testing.T) {
	t.Parallel()
	door := newSmallCamera(t)
	users, token := writeFile(t, "users", secretUser+"ben"+secretUser[3:], 0o600), writeFile(t, "token", secretToken+"\n", 0o600)
	cameras := "cameras:\n  door: " + door.URL + "\n"
	text := fmt.Sprintf("users: %s\ntoken: %s\n%s", users, token, cameras)
	path := writeFile(t, "mjpegazer.yaml", text, 0o600)
	s := &configured{tb: t, path: path, program: start(t, command(t, "-config", path, anyPort))}
	address := s.url + "/door/live"
	ann, ben := watchAs(t, address, basicHeader("ann", "canary-7")), watchAs(t, address, basicHeader("ben", "canary-7"))
	program := watchAs(t, address, "Authorization: Bearer "+secretToken)
	goOn(t, []*watcher{ann, ben, program}, 10*time.Second)

	if err := os.WriteFile(users, []byte("ben"+secretUser[3:]), 0o600); err != nil {
		t.Fatal(err)
	}
	ann.endsSoon(t, "a user was removed")
	goOn(t, []*watcher{ben, program}, 10*time.Second)

	if err := os.WriteFile(token, []byte("another-one"), 0o600); err != nil {
		t.Fatal(err)
	}
	program.endsSoon(t, "the token is another")
	ben.goesOn(t, 10*time.Second)

	if err := os.WriteFile(users, []byte("\nben:half\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ben.endsSoon(t, "the line of the last user cannot be read")
	s.await(t, `(line 2: not a name)`)
	if err := os.WriteFile(users, []byte("ben"+secretUser[3:]), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // a file counts within a second
	ben = watchAs(t, address, basicHeader("ben", "canary-7"))

	s.write("token: " + token + "\n" + cameras)
	s.cmd.Process.Signal(syscall.SIGHUP)
	ben.endsSoon(t, "there are no users any more")
	metrics := awaitSample(t, s.url+"/metrics?token=another-one", `mjpegazer_viewers_evicted_total{reason="revoked"}`, "4")
	if sent, seen := sampleOf(metrics, `mjpegazer_sent_frames_total{camera="door"}`), ann.seen.Load()+ben.seen.Load()+program.seen.Load(); int64(number(sent)) < seen {
		t.Errorf("after a reload %s pictures were sent, of which %d were seen before", sent, seen)
	}
	if n := len(door.Starts()); n != 1 {
		t.Errorf("the camera was opened %d times", n)
	}
}
