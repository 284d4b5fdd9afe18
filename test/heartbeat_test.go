package test

import (
	"strings"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// TestHeartbeat has a slow camera that fails and returns, and one program that reads from another: what keeps connections
// open must not pass for pictures.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	pictures := streamtest.OfSize(4_000)
	camera := newCamera(t, 1500*time.Millisecond, pictures.JPEG)
	first := start(t, command(t, anyPort, "-heartbeat=300ms", camera.URL))
	second := start(t, command(t, anyPort, "-heartbeat=300ms", "-stall=3s", first.url+"/live"))
	near, far := view(t, first.url+"/live"), view(t, second.url+"/live")
	for _, v := range []*viewer{near, far} {
		if err := v.expect("--frame\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	news := 0
	for last, repeated := 0, 0; repeated < 6 || news < 4; {
		n, repeat := nextPart(t, near, pictures)
		switch {
		case repeat && n != last, !repeat && n <= last:
			t.Errorf("picture %d after %d, repeated: %t", n, last, repeat)
		case repeat:
			repeated++
		default:
			news++
		}
		last = n
	}
	for last := 0; news > 1; news-- { // the second program passes on what is new, and repeats it itself
		n, repeat := nextPart(t, far, pictures)
		for repeat {
			n, repeat = nextPart(t, far, pictures)
		}
		if n <= last {
			t.Errorf("picture %d after %d behind another program", n, last)
		}
		last = n
	}

	camera.Stop()
	time.Sleep(4 * time.Second)
	camera.Start()
	for name, v := range map[string]*viewer{"its viewer": near, "behind another program": far} {
		waited := 0
		for before := camera.Sent(); ; {
			part, err := v.next()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			waited = max(waited, strings.Count(part.header, "X-Wait: 1\r\n"))
			if n, err := pictures.Check(part.jpeg); err != nil || n > before {
				break
			}
		}
		if waited < 3 {
			t.Errorf("%s: %d lines came while the camera was away for 4 s", name, waited)
		}
	}
}

// nextPart is the number of the next picture, and whether it is said to be one that was there before.
func nextPart(t *testing.T, v *viewer, pictures streamtest.Pictures) (n int, repeat bool) {
	t.Helper()
	part, err := v.next()
	if err != nil {
		t.Fatal(err)
	}
	if n, err = pictures.Check(part.jpeg); err != nil {
		t.Fatal(err)
	}
	return n, strings.Contains(part.header, "X-Repeat: 1\r\n")
}
