package browser

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// firefoxPreferences make Firefox talk to nobody but the tests' servers; what else tests need it sets itself when it is driven.
var firefoxPreferences = []string{
	`services.settings.server="data:,"`,
	`app.normandy.enabled=false`,
	`nimbus.rollouts.enabled=false`,
	`datareporting.policy.dataSubmissionEnabled=false`,
	`network.captive-portal-service.enabled=false`,
	`network.connectivity-service.enabled=false`,
	`browser.safebrowsing.malware.enabled=false`,
	`browser.safebrowsing.phishing.enabled=false`,
	`browser.topsites.contile.enabled=false`,
	`browser.newtabpage.enabled=false`,
	`extensions.systemAddon.update.enabled=false`,
	`media.gmp-manager.updateEnabled=false`,
	`privacy.trackingprotection.enabled=false`,
	`remote.active-protocols=1`,
}

func (b *Browser) startFirefox(program string, settings []string) error {
	profile := filepath.Join(b.profile, "profile")
	if err := os.Mkdir(profile, 0o700); err != nil {
		return err
	}
	var preferences strings.Builder
	for _, p := range append(firefoxPreferences, settings...) {
		name, value, _ := strings.Cut(p, "=")
		fmt.Fprintf(&preferences, "user_pref(%s, %s);\n", quote(name), value)
	}
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(preferences.String()), 0o600); err != nil {
		return err
	}
	b.cmd = exec.Command(program, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", profile, "about:blank")
	b.cmd.Env = append(os.Environ(), "HOME="+b.profile, "MOZ_DISABLE_CONTENT_SANDBOX=1", "MOZ_CRASHREPORTER_DISABLE=1")
	said, err := b.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := b.cmd.Start(); err != nil {
		return err
	}
	address, err := listeningAt(said)
	if err != nil {
		return err
	}
	s, err := dialSocket(address + "/session")
	if err != nil {
		return err
	}
	b.conn, b.engine = newConn(s), biDi{}
	return nil
}

var listening = regexp.MustCompile(`WebDriver BiDi listening on (ws://\S+)`)

// listeningAt waits until Firefox says where it listens; it may go on talking.
func listeningAt(said io.Reader) (string, error) {
	found := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(said)
		for lines.Scan() {
			if match := listening.FindStringSubmatch(lines.Text()); match != nil {
				found <- match[1]
			}
		}
		close(found)
		io.Copy(io.Discard, said)
	}()
	select {
	case address, ok := <-found:
		if !ok {
			return "", errors.New("it ended, and listened nowhere")
		}
		return address, nil
	case <-time.After(startTime):
		return "", errors.New("it listens nowhere")
	}
}

// biDi is WebDriver BiDi.
type biDi struct{}

func (biDi) attach(c *conn) error {
	wanted := Fields{"alwaysMatch": Fields{"acceptInsecureCerts": true}}
	return c.call(Fields{"method": "session.new", "params": Fields{"capabilities": wanted}}, nil)
}

func (biDi) quit(c *conn) { c.send(Fields{"method": "browser.close", "params": Fields{}}) }

func (biDi) page(c *conn) (driver, error) {
	var user struct{ UserContext string }
	if err := c.call(Fields{"method": "browser.createUserContext", "params": Fields{}}, &user); err != nil {
		return nil, err
	}
	var created struct{ Context string }
	params := Fields{"type": "window", "userContext": user.UserContext}
	if err := c.call(Fields{"method": "browsingContext.create", "params": params}, &created); err != nil {
		return nil, err
	}
	if created.Context == "" {
		return nil, errNoPage
	}
	return &window{c, user.UserContext, created.Context}, nil
}

// A window is a page of Firefox's.
type window struct {
	conn          *conn
	user, context string
}

func (w *window) call(method string, params Fields, result any) error {
	with := Fields{"context": w.context}
	for name, value := range params {
		with[name] = value
	}
	return w.conn.call(Fields{"method": method, "params": with}, result)
}

func (w *window) navigate(url string) error {
	return w.call("browsingContext.navigate", Fields{"url": url, "wait": "none"}, nil)
}

func (w *window) eval(expression string) (string, error) {
	var evaluated struct {
		Result           struct{ Value any }
		ExceptionDetails *struct{ Text string }
	}
	params := Fields{
		"expression": expression, "target": Fields{"context": w.context}, "awaitPromise": true, "userActivation": true,
	}
	if err := w.conn.call(Fields{"method": "script.evaluate", "params": params}, &evaluated); err != nil {
		return "", err
	}
	if e := evaluated.ExceptionDetails; e != nil {
		return e.Text, nil
	}
	text, _ := evaluated.Result.Value.(string)
	return text, nil
}

// keyNames are keys that are no letters, as WebDriver writes them.
var keyNames = map[string]string{
	"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "ArrowLeft": "\ue012", "ArrowUp": "\ue013",
	"ArrowRight": "\ue014", "ArrowDown": "\ue015", "Home": "\ue011", "End": "\ue010", " ": " ",
}

func (w *window) key(name string) error {
	value := name
	if special, ok := keyNames[name]; ok {
		value = special
	}
	return w.perform(Fields{"type": "key", "id": "keyboard", "actions": []Fields{
		{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value},
	}})
}

func (w *window) perform(source Fields) error {
	return w.call("input.performActions", Fields{"actions": []Fields{source}}, nil)
}

func (w *window) touch(path []Point) error { return w.point("touch", path) }

func (w *window) drag(path []Point) error { return w.point("mouse", path) }

// point moves what points, pressed, along a path.
func (w *window) point(with string, path []Point) error {
	var actions []Fields
	for i, p := range path {
		actions = append(actions, Fields{"type": "pointerMove", "x": p.X, "y": p.Y, "duration": 16})
		if i == 0 {
			actions = append(actions, Fields{"type": "pointerDown", "button": 0})
		}
	}
	actions = append(actions, Fields{"type": "pointerUp", "button": 0})
	return w.perform(Fields{"type": "pointer", "id": with, "parameters": Fields{"pointerType": with}, "actions": actions})
}

// resize does not know dark from light: a browser with ui.systemUsesDarkTheme=1 is dark.
func (w *window) resize(v Viewport) error {
	return w.call("browsingContext.setViewport", Fields{
		"viewport": Fields{"width": v.Width, "height": v.Height}, "devicePixelRatio": v.scale(),
	}, nil)
}

func (w *window) screenshot() ([]byte, error) {
	var shot struct{ Data string }
	if err := w.call("browsingContext.captureScreenshot", nil, &shot); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(shot.Data)
}

// noScript cannot be done to one page: a browser with javascript.enabled=false has none.
func (w *window) noScript() error { return errors.ErrUnsupported }

func (w *window) close() {
	w.conn.call(Fields{"method": "browser.removeUserContext", "params": Fields{"userContext": w.user}}, nil)
}
