//go:build linux

package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mjpegazer/test/usbcam"
)

// setNoDrop says whether uvcvideo passes on pictures that it knows to be damaged.
func setNoDrop(t *testing.T, on string) {
	t.Helper()
	if err := os.WriteFile("/sys/module/uvcvideo/parameters/nodrop", []byte(on), 0); err != nil {
		t.Fatal(err)
	}
}

// Damaged pictures are dropped and counted, whoever notices: the camera, the driver, or nobody but us.
func TestDamaged(t *testing.T) {
	all := jpegs(t, small, 4)
	for _, test := range []struct{ format, nodrop string }{{"mjpeg", "0"}, {"mjpeg", "1"}, {"yuyv", "1"}} {
		t.Run(test.format+" nodrop="+test.nodrop, func(t *testing.T) {
			setNoDrop(t, test.nodrop)
			defer setNoDrop(t, "0")
			c := usbWebcam("Broken Webcam", all)
			good := c.Picture
			c.Picture = func(s usbcam.Stream, n int) usbcam.Picture {
				p := good(s, n)
				switch n % 8 {
				case 3:
					p.Damaged = true
				case 5:
					p.Data = p.Data[:len(p.Data)/2]
				case 7:
					if s.Format == usbcam.MJPEG {
						p.Data = p.Data[20:]
					}
				}
				return p
			}
			plug(t, c)
			p := serve(t, "webcam://name/broken#width=320&format="+test.format)
			v := p.view(t)
			for range 16 {
				picture := v.mustNext(t)
				if decode(t, picture); test.format == "mjpeg" && position(all, picture) < 0 {
					t.Error("a picture is not one that the camera has sent")
				}
			}
			s := p.status(t)
			t.Logf("%d damaged, %d good", s.Damaged, s.Frames)
			if s.Damaged*5 < s.Frames || s.Damaged > s.Frames {
				t.Error("not as many as were broken")
			}
		})
	}
}

// A camera that stalls is asked anew, and takes long to stop: nobody else notices.
func TestStall(t *testing.T) {
	all := jpegs(t, small, 4)
	c := usbWebcam("Stalling Webcam", all)
	var silent atomic.Bool
	good := c.Picture
	c.Picture = func(s usbcam.Stream, n int) usbcam.Picture {
		if silent.Load() {
			return usbcam.Picture{}
		}
		return good(s, n)
	}
	c.StopTime = 200 * time.Millisecond // for each of some five requests
	plug(t, c)
	p := serve(t, "-stall=500ms", "webcam://name/stalling#width=320", "other=webcam://name/vivid#width=320")
	v := p.view(t)
	v.mustNext(t)
	silent.Store(true)
	var slowest time.Duration
	await(t, patience, "stall", func() bool {
		start := time.Now()
		p.get(t, "/health")
		p.get(t, "/other/snapshot")
		slowest = max(slowest, time.Since(start))
		return p.status(t).State == "down"
	})
	if slowest > 2500*time.Millisecond { // the other camera may be just starting
		t.Errorf("somebody waited %v while the camera stalled", slowest)
	}
	t.Logf("the slowest answer meanwhile took %v", slowest)
	silent.Store(false)
	if picture := v.mustNext(t); position(all, picture) < 0 {
		t.Error("a picture is not one that the camera has sent")
	}
}

func TestBusy(t *testing.T) {
	first := serve(t, "webcam://name/vivid")
	v := first.view(t)
	v.mustNext(t)
	second := serve(t, "-keep", "webcam://name/vivid")
	want := fmt.Sprintf("the camera /dev/video0 is in use by mjpegazer (pid %d)", first.cmd.Process.Pid)
	second.awaitError(t, want)
	v.body.Close()
	await(t, patience, "picture", func() bool { return second.status(t).State == "live" })
}

func TestNoPermission(t *testing.T) {
	path := node("vivid")
	if err := errors.Join(os.Chmod(path, 0o660), os.Chown(path, 0, 44)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "webcams")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1000, Gid: 1000}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), path+": vivid") || !strings.Contains(string(out), "add the user to the group video") {
		t.Errorf("%v: %s", err, out)
	}
	p := serveAs(t, 1000, "-keep", "webcam://name/vivid")
	p.awaitError(t, "no permission to open the camera "+path+": add the user to the group video")
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	await(t, patience, "picture", func() bool { return p.status(t).State == "live" })
}

func TestNotThere(t *testing.T) {
	p := serve(t, "-stall=200ms", "webcam://99")
	const want = "no camera /dev/video99; the cameras are: /dev/video0 (vivid)"
	if code, body := p.get(t, "/snapshot"); code != 503 || !strings.Contains(string(body), want) {
		t.Errorf("%d: %s", code, body)
	}
	serve(t, "-keep", "/dev/video1").awaitError(t, "/dev/video1 is not a camera")
}

// awaitError waits until the camera is down for a reason.
func (p *program) awaitError(t *testing.T, reason string) {
	t.Helper()
	await(t, patience, reason, func() bool {
		s := p.status(t)
		return s.State == "down" && strings.Contains(s.Error, reason)
	})
}
