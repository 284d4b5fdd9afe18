package test

import (
	"errors"
	"io"
	"math"
	"sync"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// watchAll lets viewers come and read until each has seen picture until, or its stream ended; then it returns the errors.
func watchAll(t *testing.T, viewers []*viewer, pictures streamtest.Pictures, until int) {
	t.Helper()
	var watching sync.WaitGroup
	for i, v := range viewers {
		watching.Go(func() {
			if err := watchOrder(v, pictures, until); err != nil {
				t.Errorf("viewer %d: %v", i+1, err)
			}
		})
	}
	watching.Wait()
}

// watchOrder reads pictures, each bit for bit as it was taken and newer than the last, up to picture until.
func watchOrder(v *viewer, pictures streamtest.Pictures, until int) error {
	if err := v.expect("--frame\r\n"); err != nil {
		return err
	}
	for last := 0; last < until; {
		part, err := v.next()
		if err != nil {
			return err
		}
		n, err := pictures.Check(part.jpeg)
		if err != nil {
			return err
		}
		if n < last || n == last && !part.repeated() {
			return errors.New("an older picture came after a newer one")
		}
		last = n
	}
	return nil
}

// TestCrowd shows one camera to a hundred viewers and reads it once.
func TestCrowd(t *testing.T) {
	pictures := streamtest.OfSize(20_000)
	camera := newCamera(t, 100*time.Millisecond, pictures.JPEG)
	p := start(t, command(t, anyPort, camera.URL))
	var viewers []*viewer
	for range 100 {
		viewers = append(viewers, view(t, p.url+"/live"))
	}
	watchAll(t, viewers, pictures, camera.Sent()+20)
	if n := len(camera.Starts()); n != 1 {
		t.Errorf("the camera was connected to %d times for 100 viewers", n)
	}
}

// TestCameraReturns cuts the camera in the middle of a picture again and again: its viewers stay, see nothing torn, and go
// on when it is back.
func TestCameraReturns(t *testing.T) {
	t.Parallel()
	pictures := streamtest.OfSize(50_000)
	camera := newCamera(t, 20*time.Millisecond, pictures.JPEG)
	p := start(t, command(t, anyPort, camera.URL))
	v := view(t, p.url+"/live")
	if err := v.expect("--frame\r\n"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		camera.Stop()
		before := camera.Sent()
		time.Sleep(600 * time.Millisecond)
		camera.Start()
		back := time.Now()
		for n := 0; n <= before; {
			part, err := v.next()
			if err != nil {
				t.Fatal(err)
			}
			if n, err = pictures.Check(part.jpeg); err != nil {
				t.Fatal(err)
			}
		}
		took := time.Since(back)
		t.Logf("a new picture %v after the camera was back", took)
		if took > 5*time.Second {
			t.Error("that is late: 1 s is promised")
		}
	}
	if _, most := camera.Running(); most > 1 {
		t.Errorf("%d connections to the camera at one time", most)
	}
}

// TestEnd ends the program under a thousand viewers: whoever reads gets whole parts to the end.
func TestEnd(t *testing.T) {
	pictures := streamtest.OfSize(8_000)
	camera := newCamera(t, 200*time.Millisecond, pictures.JPEG)
	p := start(t, command(t, anyPort, camera.URL))
	var viewers []*viewer
	for range 1000 {
		viewers = append(viewers, view(t, p.url+"/live"))
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		watchEnd(t, viewers, pictures)
	}()
	time.Sleep(time.Second)
	code, took := p.stop(t)
	<-done
	t.Logf("exit %d %v after SIGTERM, with 1,000 viewers", code, took)
	checkEnd(t, code, took)
}

// checkEnd judges how the program ended when it was told to.
func checkEnd(t *testing.T, code int, took time.Duration) {
	t.Helper()
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	if took > 10*time.Second {
		t.Error("that is late: 2 s are promised")
	}
}

// watchEnd reads until every stream has ended, which must be between two parts.
func watchEnd(t *testing.T, viewers []*viewer, pictures streamtest.Pictures) {
	var watching sync.WaitGroup
	for i, v := range viewers {
		watching.Go(func() {
			v.within(time.Minute)
			if err := watchOrder(v, pictures, math.MaxInt32); err != io.EOF {
				t.Errorf("viewer %d: %v, not an end between two parts", i+1, err)
			}
		})
	}
	watching.Wait()
}

// TestEndStuck ends the program while viewers hold its writes up, and a camera says nothing.
func TestEndStuck(t *testing.T) {
	t.Parallel()
	camera := newCamera(t, 20*time.Millisecond, streamtest.OfSize(500_000).JPEG)
	silent := newCamera(t, time.Hour, streamtest.OfSize(4_000).JPEG)
	p := start(t, command(t, anyPort, camera.URL, "silent="+silent.URL))
	for range 5 {
		view(t, p.url+"/live")
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := dial(p.url+"/silent/live", 4096)
		waiting <- err
	}()
	time.Sleep(time.Second)
	code, took := p.stop(t)
	<-waiting
	t.Logf("exit %d %v after SIGTERM", code, took)
	checkEnd(t, code, took)
}
