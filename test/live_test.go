package test

import (
	"regexp"
	"sync"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

var partHeader = regexp.MustCompile(`^Content-Type: image/jpeg\r\nContent-Length: [0-9]+\r\nX-Timestamp: [0-9]+\.[0-9]{6}\r\n\r\n$`)

// TestFramedForm reads byte by byte what all but browsers get.
func TestFramedForm(t *testing.T) {
	t.Parallel()
	pictures := streamtest.OfSize(20_000)
	camera := newCamera(t, 20*time.Millisecond, pictures.JPEG)
	p := start(t, command(t, anyPort, camera.URL))
	v := view(t, p.url+"/live", "Accept: */*")
	checkHead(t, v, "chunked")
	if err := v.expect("--frame\r\n"); err != nil {
		t.Fatal(err)
	}
	for last := 0; last < 30; {
		part, err := v.next()
		if err != nil {
			t.Fatal(err)
		}
		if !partHeader.MatchString(part.header) {
			t.Errorf("part headers %q", part.header)
		}
		n, err := pictures.Check(part.jpeg)
		if err != nil {
			t.Fatal(err)
		}
		if n <= last {
			t.Errorf("picture %d came after %d", n, last)
		}
		last = n
	}
}

// TestBareForm reads byte by byte what browsers get.
func TestBareForm(t *testing.T) {
	t.Parallel()
	for _, accept := range []string{
		"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", // Chromium
		"image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
		"image/webp",
	} {
		pictures := streamtest.OfSize(20_000)
		camera := newCamera(t, 20*time.Millisecond, pictures.JPEG)
		p := start(t, command(t, anyPort, camera.URL))
		v := view(t, p.url+"/live", "Accept: "+accept)
		checkHead(t, v, "")
		if err := v.expect("--frame\r\nContent-Type: image/jpeg\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		checkOrder(t, pictures, 10, v.bare)
	}
}

// checkOrder reads pictures, each bit for bit as it was taken and newer than the last, up to picture until.
func checkOrder(t *testing.T, pictures streamtest.Pictures, until int, next func() ([]byte, error)) {
	t.Helper()
	for last := 0; last < until; {
		picture, err := next()
		if err != nil {
			t.Fatal(err)
		}
		n, err := pictures.Check(picture)
		if err != nil {
			t.Fatal(err)
		}
		if n <= last {
			t.Fatalf("picture %d came after %d", n, last)
		}
		last = n
	}
}

func checkHead(t *testing.T, v *viewer, coding string) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type":      "multipart/x-mixed-replace; boundary=frame",
		"Cache-Control":     "no-store",
		"X-Accel-Buffering": "no",
		"Transfer-Encoding": coding,
		"Content-Length":    "",
	} {
		if got := v.header.Get(name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
}

// TestNotLate: each picture must be there whole, with the delimiter that ends it, before the camera takes the next.
func TestNotLate(t *testing.T) {
	t.Parallel()
	pictures := streamtest.OfSize(20_000)
	camera, take := newCameraOnDemand(t, pictures)
	p := start(t, command(t, anyPort, "-stall=1m", "-heartbeat=1m", camera.URL))
	framed := view(t, p.url+"/live")
	bare := view(t, p.url+"/live", "Accept: image/*")
	if err := framed.expect("--frame\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := bare.expect("--frame\r\nContent-Type: image/jpeg\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	const last = 3
	for n := 1; ; n++ {
		if err := watchUntil(framed, pictures, n); err != nil {
			t.Fatalf("picture %d, when there was no other: %v", n, err)
		}
		for got := 0; got < n; { // sent again until there is another
			picture, err := bare.bare()
			if err != nil {
				t.Fatalf("picture %d in the form without lengths, when there was no other: %v", n, err)
			}
			if got, err = pictures.Check(picture); err != nil {
				t.Fatal(err)
			}
		}
		if n == last {
			break
		}
		take()
	}
	late := view(t, p.url+"/live")
	if err := watchOrder(late, pictures, last); err != nil {
		t.Errorf("who came later: %v", err)
	}
}

// TestThinned gives one viewer fewer pictures than there are, and another all. How evenly they are chosen is seen where
// time is not that of a busy machine, in the tests of package stream.
func TestThinned(t *testing.T) {
	t.Parallel()
	pictures := streamtest.OfSize(4_000)
	camera := newCamera(t, 25*time.Millisecond, pictures.JPEG)
	p := start(t, command(t, anyPort, camera.URL))
	all, few := view(t, p.url+"/live"), view(t, p.url+"/live?fps=10")
	var ended sync.WaitGroup
	var every int
	ended.Go(func() {
		all.within(2 * time.Second)
		for all.expect("--frame\r\n"); ; every++ {
			if _, _, err := all.skim(); err != nil {
				return
			}
		}
	})
	few.within(2 * time.Second)
	some := 0
	for few.expect("--frame\r\n"); ; some++ {
		if _, _, err := few.skim(); err != nil {
			break
		}
	}
	ended.Wait()
	t.Logf("%d pictures, and %d of them at 10 a second, in 2 s", every, some)
	if some > 22 || some < 4 || every < 2*some {
		t.Error("that is not what ?fps=10 asked for")
	}
}

// TestOnDemand reads nothing from a camera that nobody watches, before the first viewer or after the last.
func TestOnDemand(t *testing.T) {
	t.Parallel()
	camera := newCamera(t, 20*time.Millisecond, streamtest.OfSize(4_000).JPEG)
	p := start(t, command(t, anyPort, "-linger=300ms", camera.URL))
	time.Sleep(300 * time.Millisecond)
	if n := len(camera.Starts()); n != 0 {
		t.Errorf("%d connections to a camera that nobody watches", n)
	}
	v := view(t, p.url+"/live")
	v.close()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if running, _ := camera.Running(); running == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the camera is still read 5 s after its last viewer, with a linger of 300 ms")
		}
	}
	if n := len(camera.Starts()); n != 1 {
		t.Errorf("%d connections for one viewer", n)
	}
}

// TestKeep reads a camera from the start, and goes on.
func TestKeep(t *testing.T) {
	t.Parallel()
	camera := newCamera(t, 20*time.Millisecond, streamtest.OfSize(4_000).JPEG)
	start(t, command(t, anyPort, "-keep", "-linger=10ms", camera.URL))
	for deadline := time.Now().Add(5 * time.Second); camera.Sent() < 10; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("-keep does not read a camera that nobody watches")
		}
	}
	if len(camera.Starts()) != 1 {
		t.Errorf("%d connections", len(camera.Starts()))
	}
}
