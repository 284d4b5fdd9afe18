//go:build linux

package guest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/color"
	"slices"
	"strings"
	"testing"

	"mjpegazer/source/v4l2"
)

// Vivid has nodes of every kind, of which one is a camera.
func TestList(t *testing.T) {
	plug(t, usbWebcam("List Webcam", nil))
	code, text, stderr := run(t, "webcams")
	t.Log("\n" + text)
	if code != 0 || stderr != "" {
		t.Errorf("exit %d: %s", code, stderr)
	}
	for _, want := range []string{
		": vivid\n", "List Webcam", "webcam://by-id/usb-Mjpegazer_List_Webcam_0001-video-index0", "MJPG", "320x240 at 30, 15",
		"brightness=0", "-64 to 64 (default 0)", "1 Manual Mode", "usb-vhci_hcd", "uvcvideo",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the list does not hold %q", want)
		}
	}
	_, text, _ = run(t, "webcams", "-json")
	var cameras []v4l2.Node
	if err := json.Unmarshal([]byte(text), &cameras); err != nil {
		t.Fatal(err)
	}
	if len(cameras) != 2 {
		t.Fatalf("%d cameras are listed: %s", len(cameras), text)
	}
	usb := cameras[slices.IndexFunc(cameras, func(c v4l2.Node) bool { return c.Driver == "uvcvideo" })]
	if len(usb.Formats) != 3 || usb.Formats[0].FourCC.String() != "MJPG" || len(usb.Formats[1].Sizes) != 2 || len(usb.Controls) != 3 {
		t.Errorf("%+v", usb)
	}
}

// What a camera has compressed reaches the viewer byte for byte, each picture once, or is counted.
func TestPassThrough(t *testing.T) {
	all := jpegs(t, small, 16)
	c := usbWebcam("Pass Webcam", all)
	plug(t, c)
	p := serve(t, "webcam://name/Pass%20Webcam#width=320&height=240&format=mjpeg")
	v := p.view(t)
	last, lost := -1, 0
	for range 60 {
		at := position(all, v.mustNext(t))
		if at < 0 {
			t.Fatal("a picture is not one that the camera has sent")
		}
		if at == last {
			t.Error("a picture came twice")
		}
		if last >= 0 {
			lost += (at - last - 1 + len(all)) % len(all)
		}
		last = at
	}
	s := p.status(t)
	// An emulated machine may be too slow for some, and a camera that is asked anew begins with another picture.
	if uint64(lost) > s.Skipped+s.Damaged && c.Streams() == 1 {
		t.Errorf("%d of 60 pictures were lost and only %d counted", lost, s.Skipped+s.Damaged)
	}
	if code, body := p.get(t, "/snapshot"); code != 200 || position(all, body) < 0 {
		t.Errorf("/snapshot: %d, %d bytes", code, len(body))
	}
	if code, body := p.get(t, "/health"); code != 200 || string(body) != "True" {
		t.Errorf("/health: %d %s", code, body)
	}
	if s.State != "live" || s.Facts["format"] != "MJPG" || s.Facts["size"] != "320x240" || s.Facts["rate"] != "30" || s.Facts["unmet"] != "" {
		t.Errorf("%+v", s)
	}
}

// Many webcams leave the Huffman tables out; no browser knows them.
func TestMissingTables(t *testing.T) {
	all := jpegs(t, small, 4)
	bare := make([][]byte, len(all))
	for i, p := range all {
		bare[i] = withoutTables(p)
	}
	plug(t, usbWebcam("Bare Webcam", bare))
	v := serve(t, "webcam://name/bare").view(t)
	for range 4 {
		decode(t, v.mustNext(t))
	}
}

// withoutTables takes the DHT segments out of a JPEG.
func withoutTables(p []byte) []byte {
	out := p[:2:2]
	for at := 2; ; {
		size := 2 + int(p[at+2])<<8 + int(p[at+3])
		if p[at+1] != 0xc4 {
			out = append(out, p[at:at+size]...)
		}
		if at += size; p[at-size+1] == 0xda {
			return append(out, p[at:]...)
		}
	}
}

// Vivid shows the colour bars of a test card, at three quarters.
func TestVividFormats(t *testing.T) {
	const on = 191
	bars := []color.RGBA{{on, on, on, 0}, {on, on, 0, 0}, {0, on, on, 0}, {0, on, 0, 0}, {on, 0, on, 0}, {on, 0, 0, 0}, {0, 0, on, 0}, {}}
	for _, format := range []string{"yuyv", "uyvy", "nv12", "nv21", "i420", "grey"} {
		t.Run(format, func(t *testing.T) {
			p := serve(t, "webcam://name/vivid#width=640&height=360&format="+format)
			img := decode(t, p.view(t).mustNext(t))
			if b := img.Bounds(); b.Dx() != 640 || b.Dy() != 360 {
				t.Fatalf("the picture is %v", b)
			}
			for i, want := range bars {
				if format == "grey" {
					y := byte(0.2126*float64(want.R) + 0.7152*float64(want.G) + 0.0722*float64(want.B)) // BT.709
					want = color.RGBA{y, y, y, 0}
				}
				sameColour(t, img, (2*i+1)*40, 340, want)
			}
		})
	}
}

func TestWebcamRawFormats(t *testing.T) {
	plug(t, usbWebcam("Raw Webcam", nil))
	for _, format := range []string{"yuyv", "nv12"} {
		p := serve(t, fmt.Sprintf("webcam://name/raw#width=640&format=%s&quality=90", format))
		picture := p.view(t).mustNext(t)
		// Y'CbCr 140, 60, 190 of limited range (BT.601).
		sameColour(t, decode(t, picture), 200, 100, color.RGBA{243, 121, 7, 0})
		if s := p.status(t); s.Facts["size"] != "640x480" || !strings.EqualFold(s.Facts["format"], format) {
			t.Errorf("%+v", s.Facts)
		}
		if !bytes.HasPrefix(picture, []byte("\xff\xd8")) {
			t.Error("not a JPEG")
		}
		p.stop(t)
	}
}
