//go:build linux

package guest

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Ten viewers stay while the camera is pulled out, and go on when it is back under another number.
func TestReplug(t *testing.T) {
	all := jpegs(t, small, 8)
	for name, address := range map[string]string{
		"number": "", "id": "webcam://by-id/usb-Mjpegazer_Replug_Webcam_0001-video-index0",
	} {
		t.Run(name, func(t *testing.T) {
			c := usbWebcam("Replug Webcam", all)
			plug(t, c)
			address := cmp.Or(address, strings.TrimPrefix(node(c.Name), "/dev/video"))
			p := serve(t, address+"#width=320")
			var seen [10]atomic.Int64
			for i := range seen {
				v := p.view(t)
				go func() {
					for {
						if _, err := v.next(); err != nil {
							return
						}
						seen[i].Add(1)
					}
				}()
			}
			await(t, patience, "picture", func() bool { return p.status(t).Frames > 5 })
			before := node(c.Name)
			held, err := os.Open(before) // keeps the number taken
			if err != nil {
				t.Fatal(err)
			}
			defer held.Close()
			pulled := time.Now()
			c.Unplug()
			await(t, patience, "end of the camera", func() bool { return p.status(t).State == "down" })
			down := time.Since(pulled)
			await(t, patience, "end of the node", func() bool { return node(c.Name) == "" })
			if s := p.status(t); s.Viewers != len(seen) || !strings.Contains(s.Error, "unplugged") && !strings.Contains(s.Error, "no camera") {
				t.Errorf("%+v", s)
			}
			plug(t, c)
			back, frames := time.Now(), p.status(t).Frames
			var count [10]int64
			for i := range seen {
				count[i] = seen[i].Load()
			}
			await(t, patience, "picture", func() bool { return p.status(t).Frames > frames })
			again := time.Since(back)
			if node(c.Name) == before {
				t.Errorf("the camera is %s again, as before", before)
			}
			await(t, patience, "picture for everybody", func() bool {
				for i := range seen {
					if seen[i].Load() == count[i] {
						return false
					}
				}
				return true
			})
			t.Logf("down %v after the unplugging, a picture %v after the node was there", down, again)
			if down > 2*time.Second || again > 4*time.Second { // twice what is promised: the machine is an emulated one
				t.Errorf("down after %v, up after %v", down, again)
			}
		})
	}
}

// Nothing is left of a camera that nobody looks at: it is off, its node is closed, and ten times leave no more than one.
func TestOpenClose(t *testing.T) {
	all := jpegs(t, small, 4)
	c := usbWebcam("Round Webcam", all)
	plug(t, c)
	p := serve(t, "webcam://name/round#width=320")
	round := func() {
		v := p.view(t)
		for range 3 {
			if position(all, v.mustNext(t)) < 0 {
				t.Error("a picture is not one that the camera has sent")
			}
		}
		v.body.Close()
		await(t, patience, "rest", func() bool { return p.status(t).State == "idle" })
		for _, fd := range p.descriptors() {
			if strings.HasPrefix(fd, "/dev/video") {
				t.Fatalf("%s is open and nobody looks", fd)
			}
		}
	}
	round()
	descriptors, threads, maps := len(p.descriptors()), p.threads(t), p.memoryMaps(t)
	for range 10 {
		round()
	}
	if c.Streams() != 11 {
		t.Errorf("the camera was turned on %d times, want 11", c.Streams())
	}
	if n := len(p.descriptors()); n > descriptors+2 { // of connections that are about to go
		t.Errorf("%d descriptors, %d before: %v", n, descriptors, p.descriptors())
	}
	if n := p.threads(t); n > threads+2 {
		t.Errorf("%d threads, %d before", n, threads)
	}
	if n := p.memoryMaps(t); n > 0 || maps > 0 {
		t.Errorf("%d buffers of the driver's are mapped, %d before", n, maps)
	}
}

func (p *program) proc(name string) string {
	return fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name)
}

// descriptors are what the program has open.
func (p *program) descriptors() []string {
	var open []string
	links, _ := filepath.Glob(p.proc("fd/*"))
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil {
			open = append(open, target)
		}
	}
	return open
}

func (p *program) threads(t *testing.T) int {
	t.Helper()
	tasks, err := os.ReadDir(p.proc("task"))
	if err != nil {
		t.Fatal(err)
	}
	return len(tasks)
}

// memoryMaps counts the driver's buffers in the program's memory.
func (p *program) memoryMaps(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile(p.proc("maps"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(maps), "/dev/video")
}
