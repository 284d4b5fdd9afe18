package test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"mjpegazer/test/browser"
)

// printerPage shows a camera of another origin in both ways in which pages of printers do: by an image, as OctoPrint, and by
// reading the stream, as Mainsail and Fluidd.
const printerPage = `<!doctype html><title>printer</title><img id="image" src="%[1]s"><script>
let read = "nothing yet";
(async () => {
	try {
		const reader = (await fetch("%[1]s")).body.getReader();
		let bytes = 0;
		while (bytes < 20000) bytes += (await reader.read()).value.length;
		reader.cancel();
		read = "pictures";
	} catch (error) { read = "failed"; }
})();
</script>`

// TestPagesOfOtherOrigins shows that an image needs nothing, and that reading needs -cors, which the log says.
func TestPagesOfOtherOrigins(t *testing.T) {
	t.Parallel()
	camera := newSmallCamera(t)
	var address string
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, printerPage, address)
	}))
	defer pages.Close()
	for _, allowed := range []bool{false, true} {
		args := []string{anyPort, camera.URL}
		if allowed {
			args = append(args, "-cors", pages.URL)
		}
		p := start(t, command(t, args...))
		address = p.url + "/live"
		page := browser.Open(t, browser.Chromium)
		page.Go(pages.URL)
		page.Want("image.naturalWidth > 0", "true")
		if !allowed {
			page.Want("read", "failed")
			p.await(t, `(allow it with -cors" origin=`+pages.URL+`)`)
			continue
		}
		page.Want("read", "pictures")
	}
}
