package test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// chromiumFlags make Chromium run without a screen, and talk to nobody but us. Web security would keep the page from
// looking at pixels that come from the program's own address.
var chromiumFlags = []string{
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-web-security",
}

// browserPage reports the colour in the middle of the picture whenever it has changed.
const browserPage = `<!doctype html><img id="live" src="%s"><canvas id="copy" width="1" height="1"></canvas><script>
const pen = document.getElementById("copy").getContext("2d", {willReadFrequently: true})
const live = document.getElementById("live")
let last = ""
setInterval(() => {
	pen.drawImage(live, 0, 0, 1, 1)
	const colour = pen.getImageData(0, 0, 1, 1).data.slice(0, 4).join(" ")
	if (colour === last) return
	last = colour
	fetch("/seen", {method: "POST", body: colour})
}, 20)
</script>`

// TestChromium is the promise that browsers keep worst: picture n is on the screen before picture n+1 exists.
func TestChromium(t *testing.T) {
	t.Parallel()
	chromium := need(t, "chromium", "chromium")
	camera := newCamera(t, 1500*time.Millisecond, swatch)
	p := start(t, command(t, anyPort, camera.URL))
	seen := make(chan sight, 100)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, browserPage, p.url+"/live")
	})
	mux.HandleFunc("POST /seen", func(w http.ResponseWriter, r *http.Request) {
		s := sight{taken: camera.Sent()}
		fmt.Fscan(r.Body, &s.colour.R, &s.colour.G, &s.colour.B, &s.colour.A)
		seen <- s
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	browse(t, chromium, server.URL+"/")
	deadline := time.After(60 * time.Second)
	for shown := 0; shown < 4; {
		select {
		case s := <-seen:
			if s.colour.A == 0 {
				continue // no picture yet
			}
			if n := s.taken % len(swatches); !near(s.colour, swatches[n]) {
				t.Errorf("%v was on the screen when picture %d, %v, was the newest", s.colour, s.taken, swatches[n])
			}
			shown++
		case <-deadline:
			t.Fatalf("Chromium showed %d pictures in a minute", shown)
		}
	}
}

// swatches are colours that stay apart from each other through JPEG and a browser's canvas.
var swatches = []color.RGBA{{200, 0, 0, 255}, {0, 160, 0, 255}, {0, 0, 220, 255}, {230, 230, 0, 255}, {230, 230, 230, 255}}

// swatch takes picture n in the plain colour n.
func swatch(n int, at time.Time) []byte {
	m := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for i := 0; i < len(m.Pix); i += 4 {
		c := swatches[n%len(swatches)]
		copy(m.Pix[i:], []byte{c.R, c.G, c.B, c.A})
	}
	return streamtest.OfImage(m).JPEG(n, at)
}

// A sight is a colour on the screen, and how many pictures there were when it was seen.
type sight struct {
	colour color.RGBA
	taken  int
}

func near(a, b color.RGBA) bool {
	apart := func(x, y uint8) bool { return max(x, y)-min(x, y) > 24 }
	return !apart(a.R, b.R) && !apart(a.G, b.G) && !apart(a.B, b.B)
}

// browse opens a page in Chromium until the test ends.
func browse(t *testing.T, chromium, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	profile := filepath.Join(workshop, t.Name())
	args := slices.Concat(chromiumFlags, []string{"--user-data-dir=" + profile, address})
	cmd := exec.CommandContext(ctx, chromium, args...)
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Log(err)
		}
		cancel()
		// Chromium's other processes write to it for a moment longer.
		for range 50 {
			if os.RemoveAll(profile) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
}
