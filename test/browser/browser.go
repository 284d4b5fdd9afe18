// Package browser drives real browsers without a window, for tests: Chromium by its DevTools protocol, Firefox by WebDriver
// BiDi. It needs the standard library alone.
//
// [Open] gives a test an empty page of its own, with cookies and storage of its own, in a browser that all tests that run at
// that time share:
//
//	page := browser.Open(t, browser.Firefox)
//	page.Go("http://127.0.0.1:5000/")
//	page.Want(`document.title`, "mjpegazer")
//
// [Start] starts a browser for one test alone, where its processes are measured or it needs settings.
package browser

import (
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// A Kind is a browser, by the name of its program and of its Debian package.
type Kind string

// The browsers that can be driven.
const (
	Chromium Kind = "chromium"
	Firefox  Kind = "firefox-esr"
)

// Kinds are all of them.
var Kinds = []Kind{Chromium, Firefox}

// startTime is how long a browser may take to start; on a busy machine that is long.
const startTime = time.Minute

// A Browser is a running one.
type Browser struct {
	Kind Kind

	cmd     *exec.Cmd
	conn    *conn
	engine  engine
	profile string
}

// An engine is what a protocol calls the things that tests do.
type engine interface {
	// attach makes the browser ready.
	attach(c *conn) error
	// page opens an empty page with storage of its own.
	page(c *conn) (driver, error)
	// quit asks the browser to end; it may not answer.
	quit(c *conn)
}

// A driver is a page in one of the protocols. Those methods that both have alike are [Page]'s.
type driver interface {
	call(method string, params Fields, result any) error
	navigate(url string) error
	eval(expression string) (string, error)
	key(name string) error
	resize(v Viewport) error
	screenshot() ([]byte, error)
	noScript() error
	touch(path []Point) error
	drag(path []Point) error
	close()
}

// Fields are the members of a JSON object.
type Fields map[string]any

// Start starts a browser that ends with the test. Settings are command line arguments for Chromium, and for Firefox
// preferences as NAME=VALUE, where VALUE is JSON. The test is skipped where the browser is not installed.
func Start(tb testing.TB, kind Kind, settings ...string) *Browser {
	tb.Helper()
	b, err := start(tb, kind, settings)
	if err != nil {
		tb.Fatalf("%s: %v", kind, err)
	}
	tb.Cleanup(b.stop)
	return b
}

// start finds the program, or skips the test.
func start(tb testing.TB, kind Kind, settings []string) (*Browser, error) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("run without -short for what is seen in a browser")
	}
	program, err := exec.LookPath(string(kind))
	if err != nil || runtime.GOOS == "windows" {
		missing := "no " + string(kind) + " here: apt-get install " + string(kind)
		if os.Getenv("MJPEGAZER_TEST") == "full" {
			tb.Fatal(missing)
		}
		tb.Skip(missing)
	}
	profile, err := os.MkdirTemp("", "mjpegazer-"+string(kind)+"-")
	if err != nil {
		return nil, err
	}
	b := &Browser{Kind: kind, profile: profile}
	if kind == Firefox {
		err = b.startFirefox(program, settings)
	} else {
		err = b.startChromium(program, settings)
	}
	if err == nil {
		err = b.engine.attach(b.conn)
	}
	if err != nil {
		b.stop()
	}
	return b, err
}

// Process is the browser's first process, which started the others.
func (b *Browser) Process() int { return b.cmd.Process.Pid }

// Open opens an empty page, which the test's end closes.
func (b *Browser) Open(tb testing.TB) *Page {
	tb.Helper()
	d, err := b.engine.page(b.conn)
	if err != nil {
		tb.Fatalf("%s: %v", b.Kind, err)
	}
	tb.Cleanup(d.close)
	return &Page{Kind: b.Kind, tb: tb, driver: d}
}

// stop lets the browser end in order, so that nothing writes to its profile while that is removed.
func (b *Browser) stop() {
	if b.cmd != nil && b.cmd.Process != nil {
		if b.conn != nil {
			b.engine.quit(b.conn)
		}
		kill := time.AfterFunc(10*time.Second, func() { b.cmd.Process.Kill() })
		b.cmd.Wait()
		kill.Stop()
	}
	if b.conn != nil {
		b.conn.close()
	}
	for range 50 { // its other processes may write for a moment longer
		if os.RemoveAll(b.profile) == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// shared are the browsers that tests share, from the first page's opening to the last one's closing.
var shared = struct {
	mu       sync.Mutex
	browsers map[Kind]*Browser
	pages    map[Kind]int
	turns    map[Kind]*turn
}{browsers: map[Kind]*Browser{}, pages: map[Kind]int{}, turns: map[Kind]*turn{}}

// A turn lets one test at a time use a browser: a browser draws little in a window that lies behind another.
type turn struct {
	mu   sync.Mutex // held by the test that has the turn
	test testing.TB
}

// await waits until it is the test's turn, which lasts until its end.
func await(tb testing.TB, kind Kind) {
	shared.mu.Lock()
	if shared.turns[kind] == nil {
		shared.turns[kind] = &turn{}
	}
	t := shared.turns[kind]
	mine := t.test == tb
	shared.mu.Unlock()
	if mine {
		return
	}
	t.mu.Lock()
	set := func(tb testing.TB) {
		shared.mu.Lock()
		defer shared.mu.Unlock()
		t.test = tb
	}
	set(tb)
	tb.Cleanup(func() {
		set(nil)
		t.mu.Unlock()
	})
}

// Open opens an empty page in the browser that all tests share, once no other test has one open. The test is skipped where the
// browser is not installed.
func Open(tb testing.TB, kind Kind) *Page {
	tb.Helper()
	await(tb, kind)
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.browsers[kind] == nil {
		b, err := start(tb, kind, nil)
		if err != nil {
			tb.Fatalf("%s: %v", kind, err)
		}
		shared.browsers[kind] = b
	}
	shared.pages[kind]++
	tb.Cleanup(func() {
		shared.mu.Lock()
		defer shared.mu.Unlock()
		if shared.pages[kind]--; shared.pages[kind] == 0 {
			shared.browsers[kind].stop()
			delete(shared.browsers, kind)
		}
	})
	return shared.browsers[kind].Open(tb)
}

// quote is text as JSON, and so as JavaScript.
func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return strconv.Quote(text)
	}
	return string(b)
}
