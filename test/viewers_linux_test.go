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

// A household is a program with users ann and ben, tokens, and cameras that not everybody may see.
type household struct {
	*configured
	directory string
}

// viewersFile lets ann and the token screen see the door and its variant.
const viewersFile = `
users: users
token: token
tokens: { screen: screen-token, printer: printer-token }
cameras:
  door: { source: "%[1]s", viewers: [ ann, screen ] }
  small: camera:door#width=32
  vault: { source: "%[1]s", viewers: [] }
  garden: "%[1]s"
`

// newHousehold starts a program with a configuration file beside users and tokens.
func newHousehold(t *testing.T, text string) household {
	t.Helper()
	h := household{directory: t.TempDir()}
	for name, content := range map[string]string{
		"users": secretUser + "ben" + secretUser[3:], "token": secretToken, "screen-token": "canary-screen", "printer-token": "canary-printer",
	} {
		if err := os.WriteFile(filepath.Join(h.directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.configured = &configured{tb: t, path: filepath.Join(h.directory, "mjpegazer.yaml")}
	h.write(text)
	h.program = start(t, command(t, "-config", h.path, anyPort))
	return h
}

// keys are the header lines of all who may log in to a household.
var keys = map[string]string{
	"ann": basicHeader("ann", "canary-7"), "ben": basicHeader("ben", "canary-7"), "all": "Authorization: Bearer " + secretToken,
	"screen": "Authorization: Bearer canary-screen", "printer": "Authorization: Bearer canary-printer",
}

func (h household) status(path, who string) int {
	var more []string
	if name, value, ok := strings.Cut(keys[who], ": "); ok {
		more = []string{name, value}
	}
	code, _ := status(h.tb.(*testing.T), h.url+path, more...)
	return code
}

// TestViewers asks for cameras as everybody, and takes rights away by a reload.
func TestViewers(t *testing.T) {
	t.Parallel()
	h := newHousehold(t, fmt.Sprintf(viewersFile, "pattern:#width=64&height=48"))
	for camera, may := range map[string]string{"door": "ann screen all", "small": "ann screen all", "vault": "all", "garden": "ann ben all screen printer"} {
		for who := range keys {
			want := http.StatusNotFound
			if strings.Contains(may, who) {
				want = http.StatusOK
			}
			if got := h.status("/"+camera+"/snapshot", who); got != want {
				t.Errorf("the %s as %s: %d, want %d", camera, who, got, want)
			}
		}
	}
	if got := h.status("/door/snapshot?token=canary-screen", ""); got != http.StatusOK {
		t.Errorf("by a named token in the address: %d", got)
	}
	if strings.Contains(h.said.String(), "canary") {
		t.Errorf("secrets in the log:\n%s", h.said)
	}
}

// TestViewersTakenAway reloads other viewers and tokens: the streams of those who lost their right end within 5 s, and no others.
func TestViewersTakenAway(t *testing.T) {
	t.Parallel()
	door := newSmallCamera(t)
	h := newHousehold(t, fmt.Sprintf(viewersFile, door.URL))
	live := func(camera, who string) *watcher { return watchAs(t, h.url+"/"+camera+"/live", keys[who]) }
	ann, screen, all, ben, printer := live("door", "ann"), live("door", "screen"), live("door", "all"), live("garden", "ben"), live("garden", "printer")
	wall := view(t, h.url+"/wall?camera=door&camera=garden", keys["screen"])
	defer wall.close()
	if err := wall.expect("\x02"); err != nil { // the list of tiles
		t.Fatal(err)
	}
	others := []*watcher{ann, all, ben, printer}
	goOn(t, append(others, screen), 10*time.Second)

	text := strings.Replace(viewersFile, "[ ann, screen ]", "[ ann, ben, nobdy ]", 1)
	h.write(fmt.Sprintf(text, door.URL))
	h.cmd.Process.Signal(syscall.SIGHUP)
	screen.endsSoon(t, "it may not see the door any more")
	goOn(t, others, 10*time.Second)
	if got := h.status("/door/snapshot", "ben"); got != http.StatusOK {
		t.Errorf("who may see it now: %d", got)
	}
	h.await(t, `(camera door is for ann, ben, nobdy alone; the streams of others end)`)
	h.await(t, `(viewers: neither a user nor a token has this name" place=.*mjpegazer.yaml:6:[0-9]+)`)

	text = strings.Replace(text, ", printer: printer-token", "", 1)
	h.write(fmt.Sprintf(text, door.URL))
	h.cmd.Process.Signal(syscall.SIGHUP)
	printer.endsSoon(t, "its token is removed")
	goOn(t, []*watcher{ann, all, ben}, 10*time.Second)
	if got := h.status("/garden/snapshot", "printer"); got != http.StatusUnauthorized {
		t.Errorf("by a token that was removed: %d", got)
	}
	code, _, stderr := run(t, command(t, "check", "-config", h.path))
	if want := h.path + ":6:"; code != 1 || !strings.HasPrefix(stderr, want) || strings.Count(stderr, "\n") != 1 {
		t.Errorf("check: exit %d, %s", code, stderr)
	}
}
