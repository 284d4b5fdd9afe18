package browser

import (
	"bufio"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// chromiumFlags make Chromium run without a screen, and talk to nobody but the tests' servers. What it paints must not
// depend on whether one window lies over another.
var chromiumFlags = []string{
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-backgrounding-occluded-windows",
	"--disable-renderer-backgrounding", "--remote-debugging-pipe",
}

func (b *Browser) startChromium(program string, settings []string) error {
	args := slices.Concat(chromiumFlags, settings, []string{"--user-data-dir=" + filepath.Join(b.profile, "profile"), "about:blank"})
	theirIn, to, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirIn.Close()
	from, theirOut, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirOut.Close()
	b.cmd = exec.Command(program, args...)
	b.cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4, where the protocol has them
	if err := b.cmd.Start(); err != nil {
		return err
	}
	b.conn = newConn(&pipes{to, from, bufio.NewReaderSize(from, 1<<20)})
	b.engine = devTools{}
	return nil
}

// pipes carry messages that a zero byte ends.
type pipes struct {
	to, from *os.File
	reader   *bufio.Reader
}

func (p *pipes) send(message []byte) error {
	_, err := p.to.Write(append(message, 0))
	return err
}

func (p *pipes) receive() ([]byte, error) {
	text, err := p.reader.ReadBytes(0)
	if err != nil {
		return nil, err
	}
	return text[:len(text)-1], nil
}

func (p *pipes) close() error {
	p.to.Close()
	return p.from.Close()
}

// devTools is Chromium's own protocol.
type devTools struct{}

func (devTools) attach(c *conn) error {
	return c.call(Fields{"method": "Browser.getVersion"}, nil)
}

func (devTools) quit(c *conn) { c.send(Fields{"method": "Browser.close"}) }

func (devTools) page(c *conn) (driver, error) {
	var context struct{ BrowserContextID string }
	if err := c.call(Fields{"method": "Target.createBrowserContext"}, &context); err != nil {
		return nil, err
	}
	var target struct{ TargetID string }
	params := Fields{"url": "about:blank", "browserContextId": context.BrowserContextID, "newWindow": true}
	if err := c.call(Fields{"method": "Target.createTarget", "params": params}, &target); err != nil {
		return nil, err
	}
	var attached struct{ SessionID string }
	params = Fields{"targetId": target.TargetID, "flatten": true}
	if err := c.call(Fields{"method": "Target.attachToTarget", "params": params}, &attached); err != nil {
		return nil, err
	}
	return &tab{c, context.BrowserContextID, attached.SessionID}, nil
}

// A tab is a page of Chromium's.
type tab struct {
	conn             *conn
	context, session string
}

func (t *tab) call(method string, params Fields, result any) error {
	if params == nil {
		params = Fields{}
	}
	return t.conn.call(Fields{"method": method, "params": params, "sessionId": t.session}, result)
}

func (t *tab) navigate(url string) error {
	return t.call("Page.navigate", Fields{"url": url}, nil)
}

func (t *tab) eval(expression string) (string, error) {
	var evaluated struct {
		Result           struct{ Value any }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	params := Fields{"expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true}
	if err := t.call("Runtime.evaluate", params, &evaluated); err != nil {
		return "", err
	}
	if e := evaluated.ExceptionDetails; e != nil {
		return e.Text + " " + e.Exception.Description, nil
	}
	text, _ := evaluated.Result.Value.(string)
	return text, nil
}

func (t *tab) key(name string) error {
	params := Fields{"type": "keyDown", "key": name}
	if len(name) == 1 {
		params["text"] = name
	} else if name == "Enter" {
		params["text"] = "\r"
	}
	if name == "Tab" || name == "Enter" || name == "Escape" {
		params["windowsVirtualKeyCode"] = map[string]int{"Tab": 9, "Enter": 13, "Escape": 27}[name]
	}
	if err := t.call("Input.dispatchKeyEvent", params, nil); err != nil {
		return err
	}
	return t.call("Input.dispatchKeyEvent", Fields{"type": "keyUp", "key": name}, nil)
}

func (t *tab) resize(v Viewport) error {
	err := t.call("Emulation.setDeviceMetricsOverride", Fields{
		"width": v.Width, "height": v.Height, "deviceScaleFactor": v.scale(), "mobile": v.Touch,
	}, nil)
	if err != nil {
		return err
	}
	if err := t.call("Emulation.setTouchEmulationEnabled", Fields{"enabled": v.Touch}, nil); err != nil {
		return err
	}
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	return t.call("Emulation.setEmulatedMedia", Fields{"features": []Fields{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

func (t *tab) screenshot() ([]byte, error) {
	var shot struct{ Data string }
	if err := t.call("Page.captureScreenshot", Fields{"format": "png"}, &shot); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(shot.Data)
}

func (t *tab) noScript() error {
	return t.call("Emulation.setScriptExecutionDisabled", Fields{"value": true}, nil)
}

func (t *tab) touch(path []Point) error {
	for i, p := range path {
		kind := "touchMove"
		if i == 0 {
			kind = "touchStart"
		}
		points := []Fields{{"x": p.X, "y": p.Y}}
		if err := t.call("Input.dispatchTouchEvent", Fields{"type": kind, "touchPoints": points}, nil); err != nil {
			return err
		}
		time.Sleep(16 * time.Millisecond)
	}
	return t.call("Input.dispatchTouchEvent", Fields{"type": "touchEnd", "touchPoints": []Fields{}}, nil)
}

func (t *tab) drag(path []Point) error {
	mouse := func(kind string, p Point, buttons int) error {
		return t.call("Input.dispatchMouseEvent", Fields{"type": kind, "x": p.X, "y": p.Y, "button": "left", "buttons": buttons, "clickCount": 1}, nil)
	}
	if err := mouse("mousePressed", path[0], 1); err != nil {
		return err
	}
	for _, p := range path {
		if err := mouse("mouseMoved", p, 1); err != nil {
			return err
		}
	}
	return mouse("mouseReleased", path[len(path)-1], 0)
}

func (t *tab) close() {
	t.conn.call(Fields{"method": "Target.disposeBrowserContext", "params": Fields{"browserContextId": t.context}}, nil)
}
