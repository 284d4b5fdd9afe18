package router_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// chromium is a real browser without a window, spoken to by its DevTools protocol: JSON messages that a zero byte ends,
// through two pipes.
type chromium struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	last    int
}

// startChromium opens an empty page.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	if testing.Short() {
		t.Skip("run without -short for the page in a browser")
	}
	program, err := exec.LookPath("chromium")
	if err != nil || runtime.GOOS == "windows" {
		if os.Getenv("MJPEGAZER_TEST") == "full" {
			t.Fatal("chromium is missing: apt install chromium")
		}
		t.Skip("install chromium for this test: apt install chromium")
	}
	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
		"--user-data-dir="+filepath.Join(t.TempDir(), "profile"), "about:blank")
	theirIn, to := pipe(t)
	from, theirOut := pipe(t)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4, where the protocol has them
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	c := &chromium{t: t, to: to, from: bufio.NewReaderSize(from, 1<<20)}
	t.Cleanup(func() { c.stop(cmd) })
	from.SetReadDeadline(time.Now().Add(time.Minute))
	c.attach()
	return c
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// attach talks to the page from now on, which may come after other targets.
func (c *chromium) attach() {
	page := ""
	for page == "" {
		var targets struct {
			TargetInfos []struct{ TargetID, Type string }
		}
		c.call("Target.getTargets", nil, &targets)
		for _, target := range targets.TargetInfos {
			if target.Type == "page" {
				page = target.TargetID
			}
		}
	}
	var attached struct{ SessionID string }
	c.call("Target.attachToTarget", fields{"targetId": page, "flatten": true}, &attached)
	c.session = attached.SessionID
}

// stop lets the browser end in order, so that nothing writes to its profile while that is removed.
func (c *chromium) stop(cmd *exec.Cmd) {
	c.to.WriteString(`{"id":0,"method":"Browser.close"}` + "\x00")
	kill := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
	defer kill.Stop()
	cmd.Wait()
	c.to.Close()
}

type fields map[string]any

// call sends a command and waits for its answer; what happens meanwhile is passed over.
func (c *chromium) call(method string, params fields, result any) {
	c.t.Helper()
	c.last++
	message, err := json.Marshal(fields{"id": c.last, "method": method, "params": params, "sessionId": c.session})
	if err != nil {
		c.t.Fatal(err)
	}
	if c.session == "" {
		message = []byte(strings.Replace(string(message), `,"sessionId":""`, "", 1))
	}
	if _, err := c.to.Write(append(message, 0)); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
	for {
		text, err := c.from.ReadBytes(0)
		if err != nil {
			c.t.Fatalf("%s: chromium does not answer: %v", method, err)
		}
		var answer struct {
			ID     int
			Error  *struct{ Message string }
			Result json.RawMessage
		}
		if err := json.Unmarshal(text[:len(text)-1], &answer); err != nil {
			c.t.Fatalf("%s: %v", method, err)
		}
		if answer.ID != c.last {
			continue
		}
		if answer.Error != nil {
			c.t.Fatalf("%s: %s", method, answer.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(answer.Result, result); err != nil {
				c.t.Fatalf("%s: %v", method, err)
			}
		}
		return
	}
}

// open goes to an address, in a new page or in another place of the same.
func (c *chromium) open(url string) {
	c.t.Helper()
	c.call("Page.navigate", fields{"url": url}, nil)
}

// eval returns what a JavaScript expression is, as text.
func (c *chromium) eval(expression string) string {
	c.t.Helper()
	var evaluated struct {
		Result           struct{ Value any }
		ExceptionDetails *struct{ Exception struct{ Description string } }
	}
	c.call("Runtime.evaluate", fields{"expression": "String(" + expression + ")", "returnByValue": true}, &evaluated)
	if e := evaluated.ExceptionDetails; e != nil {
		return e.Exception.Description
	}
	text, _ := evaluated.Result.Value.(string)
	return text
}

// want waits until an expression is as it should be.
func (c *chromium) want(expression, want string, d time.Duration) {
	c.t.Helper()
	var got string
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if got = c.eval(expression); got == want {
			return
		}
	}
	c.t.Errorf("after %v: %s\n got %q\nwant %q", d, expression, got, want)
}
