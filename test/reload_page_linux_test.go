package test

import (
	"testing"
	"time"

	"mjpegazer/test/browser"
)

// TestPageFollowsReload has a browser look at the page while cameras are added, renamed and removed: three seconds are promised.
func TestPageFollowsReload(t *testing.T) {
	t.Parallel()
	const most = 5 * 3 * time.Second
	cameras := func(names ...string) string {
		text := "cameras:\n"
		for _, name := range names {
			text += "  " + name + ": 'pattern:#width=160&height=120'\n"
		}
		return text
	}
	s := serve(t, cameras("door", "garden"))
	page := browser.Open(t, browser.Chromium)
	page.Go(s.url + "/")
	const shown = `['door', 'garden', 'yard', 'gate'].filter((name) => document.documentElement.innerText.includes(name)).join()`
	page.Want(shown, "door,garden")
	s.change(cameras("door", "garden", "yard"))
	page.WantWithin(shown, "door,garden,yard", most)
	s.change(cameras("door", "garden", "gate"))
	page.WantWithin(shown, "door,garden,gate", most)
	s.change(cameras("door"))
	page.WantWithin(shown, "door", most)
}
