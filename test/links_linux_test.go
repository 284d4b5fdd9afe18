package test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// linkTo makes a link by the command of this name.
func linkTo(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := run(t, command(t, append([]string{"link"}, args...)...))
	if code != 0 || stderr != "" || strings.Count(stdout, "\n") != 1 {
		t.Fatalf("link %q: exit %d, %s%s", args, code, stdout, stderr)
	}
	return strings.TrimSuffix(stdout, "\n")
}

// TestLinks makes a key and links with it, and uses them at a program that lets in nobody else.
func TestLinks(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	key := filepath.Join(directory, "link-key")
	if code, stdout, stderr := run(t, command(t, "link", "-new-key", key)); code != 0 || !strings.Contains(stdout, "-link-key "+key) || stderr != "" {
		t.Fatalf("exit %d, %s%s", code, stdout, stderr)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	if code, _, stderr := run(t, command(t, "link", "-new-key", key)); code != 1 || !strings.Contains(stderr, "is there already") {
		t.Errorf("a key is overwritten: exit %d, %s", code, stderr)
	}
	door, garden := newSmallCamera(t), newSmallCamera(t)
	p := start(t, command(t, anyPort, "-link-key", key, "-log-level=debug", "door="+door.URL, "garden="+garden.URL))
	live := linkTo(t, "-link-key", key, "-camera", "door", "-for", "1h", p.url)
	snapshot := linkTo(t, "-link-key", key, "-camera=door", "-what=snapshot", p.url+"/")
	page := linkTo(t, p.url, "-link-key", key, "-camera", "door", "-for", "30d", "-what", "page")
	for _, test := range []struct {
		address string
		code    int
		says    string
	}{
		{live, 200, ""}, {snapshot, 200, ""},
		{p.url + "/door/live", 401, "only links are let in"}, {p.url + "/", 401, ""},
		{strings.Replace(live, "/door/", "/garden/", 1), 403, "does not open this address"},
		{strings.Replace(snapshot, "/snapshot", "/live", 1), 403, "does not open this address"},
		{strings.Replace(live, "/door/live", "/", 1), 403, "does not open this address"},
		{live[:len(live)-1] + string(live[len(live)-1]^1), 403, "was changed"},
		{strings.Replace(live, "expires=1", "expires=2", 1), 403, "was changed"},
		{page, 200, "<!doctype html>"}, {strings.Replace(page, "/door/?", "/door?", 1), 302, ""}, {strings.Replace(page, "/door/?", "/wall?camera=door&", 1), 200, `{"cameras":["door"]}`},
		{strings.Replace(page, "/door/", "/door/snapshot", 1), 200, ""}, {strings.Replace(page, "/door/?", "/status?camera=door&", 1), 200, `"door"`},
		{strings.Replace(page, "/door/?", "/status?camera=garden&", 1), 403, ""}, {strings.Replace(page, "/door/", "/status", 1), 403, ""},
	} {
		code, body := first(t, test.address)
		if code != test.code || !strings.Contains(body, test.says) || strings.Contains(body, "garden") {
			t.Errorf("%s: %d %s", test.address, code, body)
		}
	}
	short := linkTo(t, "-link-key", key, "-camera=door", "-for=3s", p.url)
	w := watchAs(t, short, "X-A: b")
	other := watchAs(t, live, "X-A: b")
	goOn(t, []*watcher{w, other}, 10*time.Second)
	w.endsWithin(t, 15*time.Second, "the link has ended")
	other.goesOn(t, 10*time.Second)
	if err := os.WriteFile(key, []byte(strings.Repeat("another key", 3)), 0o600); err != nil {
		t.Fatal(err)
	}
	other.endsWithin(t, 15*time.Second, "the key is another")
	if code, _ := first(t, live); code != 403 {
		t.Errorf("with another key: %d", code)
	}
	p.stop(t)
	for _, secret := range []string{"signature", strings.SplitN(live, "signature=", 2)[1], "expires"} {
		if strings.Contains(p.said.String(), secret) {
			t.Errorf("%s is in the log:\n%s", secret, p.said)
		}
	}
}

// first is the beginning of an answer, of which a stream has no end.
func first(t *testing.T, address string) (code int, body string) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text := make([]byte, 600)
	n, _ := io.ReadFull(response.Body, text)
	return response.StatusCode, string(text[:n])
}

// TestLinkCommand is used wrongly, and with a configuration file.
func TestLinkCommand(t *testing.T) {
	t.Parallel()
	key := writeFile(t, "link-key", strings.Repeat("canary", 6)+"\n", 0o600)
	config := writeFile(t, "mjpegazer.yaml", "link-key: "+key+"\ncameras: { door: 'pattern:' }\n", 0o600)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, 2, "-camera is missing"},
		{[]string{"-camera=a/b", "http://h"}, 2, "-camera: a name has"},
		{[]string{"-camera=door"}, 2, "give one address"},
		{[]string{"-camera=door", "http://h", "http://h"}, 2, "give one address"},
		{[]string{"-camera=door", "http://ann:canary@h"}, 2, "the address is"},
		{[]string{"-camera=door", "http://h/?token=canary"}, 2, "the address is"},
		{[]string{"-camera=door", "h"}, 2, "the address is"},
		{[]string{"-camera=door", "-what=wall", "http://h"}, 2, "live, snapshot or page"},
		{[]string{"-camera=door", "-for=ever", "http://h"}, 2, "give a time"},
		{[]string{"-camera=door", "-for=-1h", "http://h"}, 2, "give a time"},
		{[]string{"-camera=door", "-bogus", "http://h"}, 2, "bogus"},
		{[]string{"-new-key", "k", "http://h"}, 2, "-new-key only makes a key"},
		{[]string{"-camera=door", "http://h"}, 1, "there is no key"},
		{[]string{"-camera=door", "-link-key=" + strings.Repeat("canary", 6), "http://h"}, 1, "give the name of a file"},
		{[]string{"-camera=door", "-link-key", writeFile(t, "short", "canary", 0o600), "http://h"}, 1, "at least 32 bytes"},
		{[]string{"-camera=dor", "-config", config, "http://h"}, 1, "no camera of the name dor"},
		{[]string{"-camera=door", "-config", key, "http://h"}, 1, ":1:1: "},
	} {
		code, stdout, stderr := run(t, command(t, append([]string{"link"}, c.args...)...))
		if code != c.code || stdout != "" || !strings.Contains(stderr, c.says) || strings.Contains(stderr, "canary") {
			t.Errorf("%q: exit %d, %s%s", c.args, code, stdout, stderr)
		}
	}
	for _, environ := range []string{"MJPEGAZER_CONFIG=" + config, "MJPEGAZER_LINK_KEY=" + key} {
		cmd := command(t, "link", "-camera=door", "https://cameras.example/cams/")
		cmd.Env = append(cmd.Env, environ)
		if code, stdout, stderr := run(t, cmd); code != 0 || !strings.HasPrefix(stdout, "https://cameras.example/cams/door/live?expires=") || stderr != "" {
			t.Errorf("%s: exit %d, %s%s", environ, code, stdout, stderr)
		}
	}
	if code, stdout, _ := run(t, command(t, "link", "-h")); code != 0 || !strings.Contains(stdout, "usage: mjpegazer link") || !strings.Contains(stdout, "(default 24h)") {
		t.Errorf("exit %d, %s", code, stdout)
	}
}

// TestAnonymous shows some cameras to everybody, and takes one away by a reload.
func TestAnonymous(t *testing.T) {
	t.Parallel()
	door := newSmallCamera(t)
	text := "users: users\nanonymous: %s\ncameras:\n  door: \"" + door.URL + "\"\n  garden: \"" + door.URL + "\"\n  vault: 'pattern:'\n  small: camera:garden#width=32\n"
	h := newHousehold(t, fmt.Sprintf(text, "[ door, garden ]"))
	for path, want := range map[string]int{
		"/door/snapshot": 200, "/small/snapshot": 200, "/vault/snapshot": 401, "/unknown/snapshot": 401, "/": 200, "/status": 200, "/login": 401, "/status?camera=vault": 401,
	} {
		code, body := first(t, h.url+path)
		if code != want || strings.Contains(body, "vault") {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if got := h.status("/vault/snapshot", "ann"); got != 200 {
		t.Errorf("as ann: %d", got)
	}
	nobody, ann := watchAs(t, h.url+"/door/live", "X-A: b"), watchAs(t, h.url+"/door/live", keys["ann"])
	stays := watchAs(t, h.url+"/garden/live", "X-A: b")
	h.write(fmt.Sprintf(text, "garden"))
	h.cmd.Process.Signal(syscall.SIGHUP)
	nobody.endsSoon(t, "the door is not anonymous any more")
	goOn(t, []*watcher{ann, stays}, 10*time.Second)
	h.await(t, `(anonymous changes: holds at once; the streams of those who lose their right to watch end)`)
	code, _, stderr := run(t, command(t, "check", "-config", writeFile(t, "f", fmt.Sprintf(text, "[ door, gardn ]"), 0o600)))
	if code != 1 || !strings.Contains(stderr, ":2:20: anonymous: there is no camera of this name: did you mean garden?") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}
