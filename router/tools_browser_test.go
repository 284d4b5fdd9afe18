package router_test

import (
	"image"
	"image/color"
	"image/draw"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
	"mjpegazer/test/browser"
)

// inhabited is door with two variants, garden that has fallen silent, gate that cannot be reached, and hall, which hangs sideways
// and says so in EXIF.
func inhabited(t *testing.T) []router.Camera {
	t.Helper()
	camera := func(width, height int) *streamtest.Camera {
		m := image.NewRGBA(image.Rect(0, 0, width, height))
		draw.Draw(m, m.Rect, image.NewUniform(color.RGBA{200, 40, 80, 255}), image.Point{}, draw.Src)
		return &streamtest.Camera{Interval: 200 * time.Millisecond, JPEG: streamtest.OfImage(m).JPEG}
	}
	turned := camera(64, 36)
	upright := turned.JPEG
	turned.JPEG = func(n int, at time.Time) []byte {
		p := upright(n, at)
		exif := "\xFF\xE1\x00\x22Exif\x00\x00MM\x00\x2A\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
		return slices.Concat(p[:2], []byte(exif), p[2:])
	}
	silent := camera(64, 36)
	silent.Limit = 3
	return []router.Camera{
		{Name: "door", Stream: open(t, camera(1280, 720), stream.Options{})},
		{Name: "small", VariantOf: "door", Stream: open(t, camera(640, 360), stream.Options{})},
		{Name: "tiny", VariantOf: "door", Stream: open(t, camera(320, 180), stream.Options{})},
		{Name: "garden", Stream: open(t, silent, stream.Options{Stall: time.Minute})},
		{Name: "gate", Stream: open(t, dead(), stream.Options{})},
		{Name: "hall", Stream: open(t, turned, stream.Options{})},
	}
}

const (
	jsNames  = `[...document.querySelectorAll('.camera')].filter((c) => c.checkVisibility()).map((c) => c.id).join()`
	jsWidths = `[...document.querySelectorAll('[data-field=width]')].map((e) => e.textContent).join()`
	// jsFocus is the camera that has the focus, and whether it can be seen there.
	jsFocus = `(document.activeElement.closest('.camera, body')?.id || 'page') + ' ' + document.activeElement.checkVisibility({visibilityProperty: true})`
)

// TestPageInHands does with the page what its users do, in one session.
func TestPageInHands(t *testing.T) {
	t.Parallel()
	for _, kind := range browser.Kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := browser.Open(t, kind)
			server := serve(t, router.New(inhabited(t), router.Options{}))
			wide := browser.Viewport{Width: 1280, Height: 800}
			p.Resize(wide)
			p.Go(server.URL + "/")
			p.Want(jsStates, "live old down live")
			testPictures(p)
			testAges(p)
			testFocus(t, p)
			testVariants(p, server.URL, wide)
			testEnlarged(t, p)
			testSettings(p, server.URL)
			testQuery(p, server.URL)
			testDownload(t, p, server.URL)
		})
	}
}

// What is drawn has the camera's colours, its shape, and no more pixels than are seen.
func testPictures(p *browser.Page) {
	const colours = `['door', 'hall'].map((id) => {
		const c = document.createElement('canvas').getContext('2d');
		c.drawImage(document.querySelector('#' + id + ' canvas'), 0, 0);
		return [...c.getImageData(5, 5, 1, 1).data].map((v, i) => Math.abs(v - [200, 40, 80, 255][i]) < 8).join('');
	}).join()`
	p.Want(colours, "truetruetruetrue,truetruetruetrue")
	p.Want(`(({width, height}) => width + 'x' + height)(document.querySelector('#hall canvas'))`, "36x64")
	p.Want(`(({width, height}) => width < 1280 && width >= document.querySelector('#door .picture').clientHeight * 16 / 9 && width * 9 / 16 === height)(document.querySelector('#door canvas'))`,
		"true")
}

// What is old says how old, and is never called live.
func testAges(p *browser.Page) {
	p.Want(`/^\d+ s ago$/.test(document.querySelector('#garden .age').innerText)`, "true")
	p.Want(`document.querySelector('#garden [data-field=state]').innerText`, "Old picture")
	p.Want(`getComputedStyle(document.querySelector('#garden canvas')).filter.includes('grayscale')`, "true")
	p.Want(`document.querySelector('#hall .age').hidden`, "true")
	p.Want(`document.title`, "(1 down) mjpegazer")
}

// The focus is on the picture that is enlarged, can go nowhere else on the page, and comes back to where it was.
func testFocus(t *testing.T, p *browser.Page) {
	p.Eval(`document.querySelector('#door .picture').focus()`)
	p.Key("Enter")
	p.Want(jsLarge, "door")
	p.Want(`document.activeElement === document.querySelector('#door .picture')`, "true")
	places := map[string]bool{}
	for range 12 {
		p.Key("Tab")
		places[p.Eval(jsFocus)] = true
	}
	for place := range places {
		if place != "door true" && !strings.HasPrefix(place, "page ") {
			t.Errorf("%s: Tab led to %q", p.Kind, place)
		}
	}
	if !places["door true"] {
		t.Errorf("%s: Tab led nowhere: %v", p.Kind, places)
	}
	p.Key("Escape")
	p.Want(jsLarge, "")
	p.Want(`document.activeElement.className + document.activeElement.closest('.camera')?.id`, "picturedoor")
}

// A tile shows the variant whose pictures are the nearest above its size in device pixels, unless one was chosen.
func testVariants(p *browser.Page, url string, wide browser.Viewport) {
	const shown = jsWidths + `.split(',')[0]`
	p.Want(shown, "640")
	p.Resize(browser.Viewport{Width: wide.Width, Height: wide.Height, Scale: 2})
	p.Want(shown, "1280")
	p.Resize(wide)
	p.Go(url + "/?columns=4")
	p.Want(shown, "320")
	const choose = `(document.querySelector('#door .more').click(), s = document.querySelector('dialog select'), s.value = 'small', s.dispatchEvent(new Event('change')),
		document.querySelector('dialog').close(), [...s.options].map((o) => o.text).join())`
	p.Want(`(() => { let s; return `+choose+` })()`, "automatic,original,small,tiny")
	p.Want(shown, "640")
	p.Go(url + "/")
	p.Want(`localStorage.length + ' ' + `+shown, "1 640")
}

// A swipe leads to the next camera; at actual size it, and the mouse, move the picture.
func testEnlarged(t *testing.T, p *browser.Page) {
	phone := browser.Viewport{Width: 400, Height: 700, Touch: true}
	p.Resize(phone)
	p.Eval(`document.querySelector('#hall .picture').click()`)
	p.Want(jsLarge, "hall")
	left, right := browser.Point{X: 80, Y: 300}, browser.Point{X: 320, Y: 310}
	p.Swipe(left, right)
	p.Want(jsLarge, "gate")
	p.Swipe(right, left)
	p.Want(jsLarge, "hall")
	p.Swipe(right, left)
	p.Want(jsLarge, "door")
	p.Want(jsWidths+`.split(',')[0]`, "640")

	p.Want(`document.querySelector('#door .detach') !== null`, p.Eval(`Boolean(document.pictureInPictureEnabled && HTMLCanvasElement.prototype.captureStream)`))
	p.Key("z")
	p.Want(`(({width}) => width)(document.querySelector('#door canvas').getBoundingClientRect())`, "640")
	const at = `document.querySelector('#door .picture').scrollLeft`
	middle := p.Eval(at)
	if middle != "120" {
		t.Errorf("%s: at actual size the middle is not seen first, but what is at %s", p.Kind, middle)
	}
	p.Drag(right, left)
	p.Want(at, "240")
	p.Swipe(left, right)
	p.Want(jsLarge, "door")
	if p.Kind == browser.Chromium { // in Firefox a finger that is not real does not scroll
		p.Want(`(`+at+` < 120)`, "true")
	}
	p.Key("z")
	p.Want(`(({width}) => width)(document.querySelector('#door canvas').getBoundingClientRect())`, "400")
	p.Key("Escape")
	p.Want(jsLarge, "")
}

// The menu has addresses with the right host; order, and what is hidden, are remembered.
func testSettings(p *browser.Page, url string) {
	p.Eval(`document.querySelector('#door .more').click()`)
	p.Want(`[...document.querySelectorAll('.addresses input')].map((i) => i.value).slice(0, 3).join()`,
		strings.ReplaceAll("URL/door/live,URL/door/snapshot,vlc URL/door/live", "URL", url))
	p.Eval(`document.querySelector('dialog').close()`)
	choose := func(camera, what string) {
		p.Eval(`(document.querySelector('#` + camera + ` .more').click(), [...document.querySelectorAll('dialog button')].find((b) => b.innerText === '` + what + `').click())`)
	}
	choose("gate", "Move forward")
	p.Want(jsNames, "door,gate,garden,hall")
	choose("door", "Hide")
	p.Eval(`document.querySelector('.statistics').click()`)
	p.Go(url + "/")
	p.Want(jsNames+` + document.querySelector('.restore').innerText + document.querySelector('#hall .rate').checkVisibility()`,
		"gate,garden,hallShow 1 hiddenfalse")
	p.Eval(`(document.querySelector('.restore').click(), document.querySelector('.statistics').click())`)
	p.Want(jsNames+` + document.querySelector('#hall .rate').checkVisibility()`, "door,gate,garden,halltrue")
}

// ?cameras=, ?columns= and ?bare
func testQuery(p *browser.Page, url string) {
	p.Resize(browser.Viewport{Width: 1280, Height: 800})
	p.Go(url + "/?cameras=hall,garden,door&columns=2&bare")
	p.Want(jsNames+` + ' ' + `+jsStates, "hall,garden,door live old live")
	p.Want(`new Set([...document.querySelectorAll('.camera')].map((c) => c.offsetLeft)).size`, "2")
	p.Want(`document.querySelector('main').innerText.trim().replace(/\d+/, 'N')`, "N s ago")
	p.Want(`[...document.querySelectorAll('button, a')].filter((e) => e.checkVisibility() && !e.matches('.picture')).length`, "0")
}

// A snapshot is downloaded by the camera's name and the picture's time.
func testDownload(t *testing.T, p *browser.Page, url string) {
	dir := t.TempDir()
	if p.Kind == browser.Chromium {
		p.Call("Page.setDownloadBehavior", browser.Fields{"behavior": "allow", "downloadPath": dir}, nil)
	} else {
		p.Call("browser.setDownloadBehavior", browser.Fields{"downloadBehavior": browser.Fields{"type": "allowed", "destinationFolder": dir}}, nil)
	}
	p.Go(url + "/hall/")
	p.Want(jsStates, "live")
	clicked := time.Now()
	p.Eval(`document.querySelector('#hall a[download]').click()`)
	var name string
	waitFor(t, func() bool {
		files, _ := os.ReadDir(dir)
		for _, file := range files {
			name = file.Name()
		}
		return strings.HasSuffix(name, ".jpg")
	}, "a snapshot is downloaded")
	taken, err := time.ParseInLocation("hall-2006-01-02T15-04-05.jpg", name, time.Local)
	if err != nil || taken.Before(clicked.Add(-time.Minute)) || time.Since(taken) < 0 {
		t.Errorf("%s: the download is %q: %v", p.Kind, name, err)
	}
}

// A picture in a window of its own goes on.
func TestPictureInPicture(t *testing.T) {
	t.Parallel()
	p := browser.Open(t, browser.Chromium) // Firefox, whose window it is that takes the keys, was tried by hand
	server := serve(t, router.New(inhabited(t), router.Options{}))
	p.Go(server.URL + "/#door")
	p.Want(`document.querySelector('#door').dataset.state + Boolean(document.querySelector('#door .detach'))`, "livetrue")
	p.Eval(`document.querySelector('#door .detach').focus()`)
	p.Key("Enter")
	p.Want(`document.pictureInPictureElement?.videoWidth > 0 && document.pictureInPictureElement.getVideoPlaybackQuality().totalVideoFrames > 3`, "true")
	p.Key("Enter")
	p.Want(`document.pictureInPictureElement`, "null")
}
