package browser_test

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"testing"

	"mjpegazer/test/browser"
)

const playground = `<!doctype html><meta name="viewport" content="width=device-width"><title>play</title><body style="margin:0;background:#f00;touch-action:none"><script>
const said = []
addEventListener('keydown', (e) => said.push(e.key))
addEventListener('pointermove', (e) => said.push(e.pointerType))
</script>`

// Whatever is done with pages is done the same way in every browser.
func TestPages(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		http.SetCookie(w, &http.Cookie{Name: "was", Value: "here"})
		_, err := r.Cookie("was")
		fmt.Fprint(w, playground, "<p>", err == nil)
	}))
	t.Cleanup(server.Close)
	for _, kind := range browser.Kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			pages := []*browser.Page{browser.Open(t, kind), browser.Open(t, kind)}
			for _, p := range pages {
				p.Resize(browser.Viewport{Width: 400, Height: 300, Touch: true})
				p.Go(server.URL)
				p.Want(`document.title`, "play")
				p.Want(`document.querySelector('p').textContent`, "false") // each has cookies of its own
				p.Want(`innerWidth + ' ' + innerHeight + ' ' + document.hidden`, "400 300 false")
			}
			p := pages[0]
			for _, key := range []string{"f", "Escape", "ArrowRight"} {
				p.Key(key)
			}
			p.Want(`said.join()`, "f,Escape,ArrowRight")
			p.Swipe(browser.Point{X: 300, Y: 200}, browser.Point{X: 100, Y: 200})
			p.Want(`said.includes('touch')`, "true")
			p.Want(`Promise.reject(new Error('no')).catch((e) => e.message)`, "no")
			img, err := png.Decode(bytes.NewReader(p.Screenshot()))
			if err != nil {
				t.Fatal(err)
			}
			if r, g, b, _ := img.At(200, 290).RGBA(); img.Bounds().Dx() != 400 || r>>8 != 255 || g+b != 0 {
				t.Errorf("the screenshot is %v, and at its bottom %d %d %d", img.Bounds(), r>>8, g>>8, b>>8)
			}
			if kind == browser.Firefox {
				return
			}
			p.NoScript()
			p.Go(server.URL)
			p.Want(`typeof said`, "undefined")
		})
	}
}
