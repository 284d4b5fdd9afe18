package browser

import (
	"testing"
	"time"
)

// A Page is a browser's window with one page in it. Its methods end the test where the browser does not do as it is told.
type Page struct {
	Kind Kind

	tb     testing.TB
	driver driver
}

// A Point is a place on the page, in CSS pixels from its left top.
type Point struct{ X, Y int }

// A Viewport is what the page is seen in.
type Viewport struct {
	Width, Height int     // in CSS pixels
	Scale         float64 // device pixels of one of them; 0: 1
	Touch         bool    // it is a phone's
	Dark          bool    // its owner likes it dark; Firefox must be started with ui.systemUsesDarkTheme=1
}

func (v Viewport) scale() float64 {
	if v.Scale == 0 {
		return 1
	}
	return v.Scale
}

func (p *Page) must(err error) {
	p.tb.Helper()
	if err != nil {
		p.tb.Fatalf("%s: %v", p.Kind, err)
	}
}

// Call sends a command of the browser's own protocol. What names the page is added to it.
func (p *Page) Call(method string, params Fields, result any) {
	p.tb.Helper()
	p.must(p.driver.call(method, params, result))
}

// Go goes to an address, in a new page or to another place in the same. It does not wait for the page.
func (p *Page) Go(url string) {
	p.tb.Helper()
	p.must(p.driver.navigate(url))
}

// Eval returns what a JavaScript expression is, as text; what a promise comes to. An exception is told as text, too.
func (p *Page) Eval(expression string) string {
	p.tb.Helper()
	text, err := p.driver.eval("Promise.resolve(" + expression + ").then(String)")
	p.must(err)
	return text
}

// Patience is how long to wait for what must come, but promises no time: a busy machine may show a page late.
const Patience = time.Minute

// Want waits until an expression is as it should be, also while the page goes elsewhere. If it never is the test fails, and goes on.
func (p *Page) Want(expression, want string) {
	p.tb.Helper()
	p.WantWithin(expression, want, Patience)
}

// WantWithin is [Page.Want] where a time is promised.
func (p *Page) WantWithin(expression, want string, d time.Duration) {
	p.tb.Helper()
	var got string
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		text, err := p.driver.eval("Promise.resolve(" + expression + ").then(String)")
		if got = text; err != nil {
			got = err.Error()
		} else if got == want {
			return
		}
	}
	p.tb.Errorf("%s, after %v: %s\n got %q\nwant %q", p.Kind, d, expression, got, want)
}

// Key presses and releases a key, by its name in JavaScript, such as "f" or "ArrowRight".
func (p *Page) Key(name string) {
	p.tb.Helper()
	p.must(p.driver.key(name))
}

// Swipe moves a finger from one point to the other.
func (p *Page) Swipe(from, to Point) {
	p.tb.Helper()
	p.must(p.driver.touch(path(from, to)))
}

// Drag moves the mouse from one point to the other while its button is held.
func (p *Page) Drag(from, to Point) {
	p.tb.Helper()
	p.must(p.driver.drag(path(from, to)))
}

func path(from, to Point) []Point {
	const steps = 6
	points := make([]Point, steps+1)
	for i := range points {
		points[i] = Point{from.X + (to.X-from.X)*i/steps, from.Y + (to.Y-from.Y)*i/steps}
	}
	return points
}

// Resize makes the window, from now on, as large as a viewport.
func (p *Page) Resize(v Viewport) {
	p.tb.Helper()
	p.must(p.driver.resize(v))
}

// Screenshot is what the window shows, as PNG.
func (p *Page) Screenshot() []byte {
	p.tb.Helper()
	png, err := p.driver.screenshot()
	p.must(err)
	return png
}

// Close closes the page before the test's end.
func (p *Page) Close() { p.driver.close() }

// NoScript makes pages that are opened from now on run no scripts but those of [Page.Eval]. Firefox cannot do that to one page
// alone: [Start] it with javascript.enabled=false.
func (p *Page) NoScript() {
	p.tb.Helper()
	p.must(p.driver.noScript())
}
