package test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// Of TestReloadUnderLoad.
const (
	loadCameras = 20 // half of which are touched
	loadViewers = 10 // of each
	loadReloads = 100
	loadPause   = 500 * time.Millisecond
)

// TestReloadUnderLoad reloads configurations with all kinds of change twice a second while many watch: who is not concerned
// misses nothing, nothing is torn, and nothing is left over. By default it lasts 15 s; by MJPEGAZER_TEST=full, a minute.
func TestReloadUnderLoad(t *testing.T) {
	reloads := loadReloads
	if !full() {
		reloads /= 4
	}
	pictures := streamtest.OfSize(6_000)
	cameras := make([]camera, loadCameras+1)
	for i := range cameras {
		cameras[i] = newCamera(t, 200*time.Millisecond, pictures.JPEG)
	}
	directory := t.TempDir()
	c := loadConfiguration{cameras: cameras, random: rand.New(rand.NewPCG(1, 2)), users: writeFile(t, "users", secretUser, 0o600), directory: directory}
	s := serve(t, c.text(0), "-keep")
	for i := range loadCameras {
		for deadline := time.Now().Add(10 * time.Second); len(cameras[i].Starts()) == 0; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("camera %d is not read", i)
			}
		}
	}
	idle := read(t, s.program)
	watchers := make([][]*watcher, loadCameras)
	for i := range watchers {
		for range loadViewers {
			watchers[i] = append(watchers[i], watch(t, fmt.Sprintf("%s/c%d/live", s.url, i), pictures))
		}
	}
	crowded := read(t, s.program)
	var busy reading // when the collector knows what there is to do
	begun := time.Now()
	for i := 1; i <= reloads; i++ {
		time.Sleep(time.Until(begun.Add(time.Duration(i) * loadPause)))
		s.change(c.text(i))
		if i == reloads/4 {
			busy = read(t, s.program)
		}
	}
	s.change(c.text(0))
	t.Logf("%d reloads in %v", reloads+1, time.Since(begun))
	var all []*watcher
	for i := range watchers {
		all = append(all, watchers[i]...)
	}
	goOn(t, all, 20*time.Second)
	for i := range loadCameras / 2 { // those that nobody touched
		skipped := skippedOf(t, s, i)
		for _, w := range watchers[i] {
			if missed := w.missed.Load(); missed > skipped || w.restarts.Load() > 0 {
				t.Errorf("camera %d: a viewer missed %d pictures, of %d that were skipped", i, missed, skipped)
			}
		}
		if n := len(cameras[i].Starts()); n != 1 {
			t.Errorf("camera %d was opened %d times", i, n)
		}
	}
	var after reading
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if after = read(t, s.program); after.goroutines <= crowded.goroutines+5 && after.descriptors <= crowded.descriptors+2 {
			break
		}
	}
	t.Logf("idle:   %v", idle)
	t.Logf("before: %v", crowded)
	t.Logf("during: %v", busy)
	t.Logf("after:  %v", after)
	if after.goroutines > crowded.goroutines+5 || after.descriptors > crowded.descriptors+2 {
		t.Errorf("before the reloads it had %v, afterwards %v", crowded, after)
	}
	if !racing && after.resident > busy.resident+16*1024 {
		t.Errorf("after a quarter of the reloads it had %v, after all %v", busy, after)
	}
}

// skippedOf is how many pictures of a camera the program says that its viewers were too slow for.
func skippedOf(t *testing.T, s *configured, camera int) int64 {
	t.Helper()
	_, body := ask(t, http.MethodGet, s.url+"/status")
	_, rest, _ := strings.Cut(body, fmt.Sprintf(`"name": "c%d"`, camera))
	_, rest, _ = strings.Cut(rest, `"skipped": `)
	var skipped int64
	fmt.Sscan(strings.TrimRight(strings.SplitN(rest, "\n", 2)[0], ","), &skipped)
	return skipped
}

// A loadConfiguration makes configurations that differ in everything but the first half of the cameras.
type loadConfiguration struct {
	cameras          []camera
	random           *rand.Rand
	users, directory string
}

// text is configuration n; 0 is the plainest.
func (c *loadConfiguration) text(n int) string {
	var lines []string
	for i := range loadCameras {
		name, url := fmt.Sprintf("c%d", i), c.cameras[i].URL
		if i < loadCameras/2 {
			title := name
			if n > 0 {
				title = fmt.Sprintf("%s at %d", name, n)
			}
			lines = append(lines, fmt.Sprintf("  %s: {source: '%s', title: %s}", name, url, title))
			continue
		}
		if n > 0 && c.random.IntN(4) == 0 { // another source or another option
			url = []string{c.cameras[loadCameras].URL, url + fmt.Sprintf("#stall=%ds", 5+n)}[n%2]
		}
		lines = append(lines, fmt.Sprintf("  %s: '%s'", name, url))
	}
	if n > 0 {
		c.random.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		lines = append(lines, fmt.Sprintf("  new%d: '%s'", n, c.cameras[loadCameras].URL)) // it is gone with the next
	}
	lines = append([]string{"cameras:"}, lines...)
	if n > 0 {
		for key, value := range reloads(c.directory) {
			if key != "stall" && key != "max-frame" && c.random.IntN(2) == 0 {
				lines = append(lines, key+": "+value)
			}
		}
		if n%3 == 0 {
			lines = append(lines, "listen: 'unix:"+c.directory+"/socket'") // the command line wins
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
