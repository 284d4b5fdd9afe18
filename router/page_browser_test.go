package router_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
	"mjpegazer/test/browser"
)

// asked counts what a browser asks for at a time.
type asked struct {
	http.Handler
	now, most, pictures atomic.Int32
	status              atomic.Int32 // what the server answers, and nothing else; 0: all is well
}

func (a *asked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if status := a.status.Load(); status != 0 {
		http.Error(w, "", int(status))
		return
	}
	raise(&a.most, a.now.Add(1))
	defer a.now.Add(-1)
	if strings.HasSuffix(r.URL.Path, "/live") || strings.HasSuffix(r.URL.Path, "/snapshot") {
		a.pictures.Add(1)
	}
	a.Handler.ServeHTTP(w, r)
}

func raise(most *atomic.Int32, n int32) {
	for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
	}
}

// Expressions for what is on the page.
const (
	// jsLook is what all pictures look like; each is new when its picture is.
	jsLook = `[...document.querySelectorAll('.picture > :first-child')].map((picture) => {
		const c = document.createElement('canvas').getContext('2d');
		try { c.drawImage(picture, 0, 0, 8, 8); } catch { return 'broken'; }
		return c.getImageData(0, 0, 8, 8).data.join('');
	}).join(' ')`
	jsStates = `[...document.querySelectorAll('.camera')].map((c) => c.dataset.state).join(' ')`
	jsSizes  = `[...document.querySelectorAll('.picture > :first-child')].map((p) => p.naturalWidth ?? p.width).join(' ')`
	jsReason = `document.querySelector('#c .condition').innerText.split('\n').slice(0, 2).join(': ').replace(/ \d.*/, '')`
	jsLarge  = `(document.querySelector(':target') || {id: ''}).id`
	jsLost   = `document.querySelector('.lost').innerText.replace(/\d\d?:\d\d( [AP]M)?/, 'TIME')`
)

// moved waits until the pictures with the indexes given look different.
func moved(t *testing.T, p *browser.Page, pictures ...int) {
	t.Helper()
	before := strings.Split(p.Eval(jsLook), " ")
	end := time.Now().Add(browser.Patience)
	for _, i := range pictures {
		for strings.Split(p.Eval(jsLook), " ")[i] == before[i] {
			if time.Now().After(end) {
				t.Errorf("picture %d does not move", i)
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// All cameras are live on one connection, beside which the page asks for nothing but /status.
func TestPage(t *testing.T) {
	t.Parallel()
	for _, kind := range browser.Kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := browser.Open(t, kind)
			a := &asked{Handler: router.New(sixCameras(t), router.Options{})}
			server := serve(t, a)
			p.Resize(browser.Viewport{Width: 1280, Height: 800})
			p.Go(server.URL + "/")
			p.Want(jsStates, "live live down live live live")
			p.Want(jsReason, "Down: connection refused")
			p.Want(jsSizes, "32 32 0 32 32 32")
			p.Want(`document.title`, "(1 down) mjpegazer")
			moved(t, p, 0, 1, 3, 4, 5)

			a.pictures.Store(0) // those before the script ran
			p.Eval(`document.querySelector('#e .picture').click()`)
			p.Want(jsLarge, "e")
			p.Want(`document.activeElement === document.querySelector('#e .picture')`, "true")
			moved(t, p, 4)
			p.Key("ArrowRight")
			p.Want(jsLarge, "f")
			p.Key("Escape")
			p.Want(jsLarge, "")
			p.Want(`location.hash`, "")
			moved(t, p, 0, 1, 3, 4, 5)
			if n := a.pictures.Load(); n > 0 {
				t.Errorf("%d pictures were asked for beside the wall", n)
			}
		})
	}
}

func waitFor(t *testing.T, ready func() bool, what string) {
	t.Helper()
	for end := time.Now().Add(browser.Patience); !ready(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("after %v still not: %s", browser.Patience, what)
			return
		}
	}
}

func TestPageComesBack(t *testing.T) {
	t.Parallel()
	p := browser.Open(t, browser.Chromium)
	cameras := sixCameras(t)
	a := &asked{Handler: router.New(cameras, router.Options{})}
	server := serve(t, a)
	p.Go(server.URL + "/#b")
	p.Want(jsLarge, "b")
	p.Want(jsStates+`.split(' ')[1]`, "live")
	moved(t, p, 1)

	// The stream ends without a sign: another viewer keeps the camera live.
	v := cameras[1].Stream.View(stream.ViewerOptions{})
	defer v.Close()
	server.CloseClientConnections()
	moved(t, p, 1)

	a.status.Store(http.StatusBadGateway)
	server.CloseClientConnections()
	p.Want(`document.querySelector('.lost').hidden`, "false")
	p.Want(jsLost, "Connection lost at TIME, reconnecting …")
	a.status.Store(http.StatusUnauthorized)
	p.Want(jsLost, "Your login has ended: reload the page")
	a.status.Store(0)
	p.Want(`document.querySelector('.lost').hidden`, "true")
	moved(t, p, 1)

	hide := `Object.defineProperty(document, 'hidden', {value: %v, configurable: true}), document.dispatchEvent(new Event('visibilitychange'))`
	p.Eval(strings.Replace(hide, "%v", "true", 1))
	waitFor(t, func() bool { return a.now.Load() == 0 }, "nothing is asked for while nobody looks")
	p.Eval(strings.Replace(hide, "%v", "false", 1))
	moved(t, p, 1)
}

func TestPagePlaysWhatHasEndedOnlyForWhoEnlargesIt(t *testing.T) {
	t.Parallel()
	p := browser.Open(t, browser.Chromium)
	film := &streamtest.Camera{Interval: 200 * time.Millisecond, Limit: 3, Err: stream.ErrEnded}
	server := serve(t, router.New([]router.Camera{{Name: "film", Stream: open(t, film, stream.Options{})}}, router.Options{}))
	p.Go(server.URL + "/")
	p.Want(jsStates, "ended")
	p.Want(jsSizes, "32")
	played := len(film.Starts())
	time.Sleep(3 * time.Second) // longer than between two tries, or two readings of status
	p.Want(jsSizes, "32")
	if n := len(film.Starts()); n != played {
		t.Errorf("played %d times more", n-played)
	}
	p.Eval(`document.querySelector('.picture').click()`)
	waitFor(t, func() bool { return len(film.Starts()) == played+1 }, "played again")
}

func TestPageInChromiumWithoutAScript(t *testing.T) {
	t.Parallel()
	p := browser.Open(t, browser.Chromium)
	server := serve(t, router.New(sixCameras(t), router.Options{}))
	p.NoScript()
	p.Go(server.URL + "/")
	p.Want(jsSizes, "32 32 0 32 32 32")
	moved(t, p, 0, 1, 3)
}
