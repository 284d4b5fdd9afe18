//go:build linux

package guest

import (
	"strings"
	"testing"
)

func TestControls(t *testing.T) {
	c := usbWebcam("Control Webcam", jpegs(t, small, 2))
	plug(t, c)
	p := serve(t, "webcam://name/Control#brightness=10&exposure_auto=Manual%20Mode&exposure_time_absolute=300")
	set := func() {
		t.Helper()
		p.view(t).mustNext(t)
		for name, want := range map[string]int{"brightness": 10, "auto exposure": 1, "exposure time": 300} {
			if got := c.Control(name); got != want {
				t.Errorf("%s is %d, want %d", name, got, want)
			}
		}
	}
	set()
	c.Unplug()
	await(t, patience, "end of the camera", func() bool { return p.status(t).State == "down" })
	plug(t, c) // which has forgotten everything
	await(t, patience, "camera", func() bool { return p.status(t).State == "live" })
	set()
}

func TestControlsThatAreNone(t *testing.T) {
	c := usbWebcam("Refusing Webcam", jpegs(t, small, 2))
	plug(t, c)
	for options, want := range map[string]string{
		"brightnes=10":      `no control "brightnes"; its controls are brightness: -64 to 64 (default 0); auto_exposure: 1 Manual Mode`,
		"brightness=65":     "brightness=65 is out of range: -64 to 64 (default 0)",
		"auto_exposure=2":   "auto_exposure=2 is not in its menu: 1 Manual Mode, 3 Aperture Priority Mode",
		"brightness=bright": `brightness="bright" is not one of its values`,
	} {
		if code, _, stderr := run(t, "webcam://name/refusing#"+options); code != 2 || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d: %s", options, code, stderr)
		}
	}
	// A camera that comes later says it then.
	c.Unplug()
	await(t, patience, "end of the node", func() bool { return node(c.Name) == "" })
	p := serve(t, "-keep", "webcam://name/refusing#brightness=65")
	await(t, patience, "failure", func() bool {
		return strings.Contains(p.status(t).Error, "none is plugged in") || strings.Contains(p.status(t).Error, "the cameras are")
	})
	plug(t, c)
	await(t, patience, "reason", func() bool { return strings.Contains(p.status(t).Error, "brightness=65 is out of range") })
}

// The nearest that a camera has is chosen, and what differs is logged.
func TestPreferences(t *testing.T) {
	plug(t, usbWebcam("Choosy Webcam", jpegs(t, large, 4)))
	for _, test := range []struct{ options, format, size, rate, unmet string }{
		{"", "MJPG", "640x480", "30", ""},
		{"width=320&height=240", "MJPG", "320x240", "30", ""},
		{"width=1920&height=1080", "MJPG", "640x480", "30", "width=1920 height=1080"},
		{"width=330&fps=17", "MJPG", "320x240", "15", "width=330 fps=17"},
		{"format=uyvy&height=470", "MJPG", "640x480", "30", "height=470 format=uyvy"},
		{"format=nv12&width=640&fps=15", "NV12", "640x480", "15", ""},
	} {
		p := serve(t, "webcam://name/choosy#"+test.options)
		p.view(t).mustNext(t)
		f := p.status(t).Facts
		if f["format"] != test.format || f["size"] != test.size || f["rate"] != test.rate || f["unmet"] != test.unmet {
			t.Errorf("%s: %v", test.options, f)
		}
		if said := strings.Contains(p.said.String(), `unmet="`+test.unmet); said != (test.unmet != "") {
			t.Errorf("%s: the log says:\n%s", test.options, p.said)
		}
		p.stop(t)
	}
}
