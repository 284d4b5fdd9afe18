//go:build linux

package guest

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"sync/atomic"
	"testing"
	"time"

	"mjpegazer/source"
	"mjpegazer/stream"
	"mjpegazer/test/usbcam"
)

// pictures are JPEGs of one size, each another grey.
func pictures(size usbcam.Size, n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		img := image.NewYCbCr(image.Rect(0, 0, size.Width, size.Height), image.YCbCrSubsampleRatio422)
		for j := range img.Y {
			img.Y[j] = byte(j*7 + i*13)
		}
		for j := range img.Cb {
			img.Cb[j], img.Cr[j] = 128, byte(100+i)
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}); err != nil {
			panic(err)
		}
		all[i] = b.Bytes()
	}
	return all
}

var _ = color.Gray{}

func TestFirst(t *testing.T) {
	size := usbcam.Size{Width: 320, Height: 240}
	jpegs := pictures(size, 8)
	var sent atomic.Int64
	cam := &usbcam.Camera{
		Name: "First Webcam", Serial: "0001", Sizes: []usbcam.Size{size, {Width: 640, Height: 480}}, Rates: []int{30, 15},
		Picture: func(s usbcam.Stream, n int) usbcam.Picture {
			sent.Add(1)
			return usbcam.Picture{Data: jpegs[n%len(jpegs)]}
		},
	}
	if err := cam.Plug(); err != nil {
		t.Fatal(err)
	}
	t.Log("node after", await(t, 10*time.Second, "node", func() bool { return node("First Webcam") != "" }), node("First Webcam"))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	w := &source.Webcam{Address: "name/first", Width: 320, Controls: map[string]string{"brightness": "10", "exposure_auto": "1"}}
	n := 0
	err := w.Run(ctx, func(p stream.Picture) {
		if p.Facts != nil {
			t.Log(p.Facts)
		}
		if p.JPEG != nil {
			if !bytes.Equal(p.JPEG, jpegs[n%len(jpegs)]) {
				t.Error("other bytes", n, len(p.JPEG))
			}
			n++
			if n == 20 {
				cancel()
			}
			t.Log(len(p.JPEG), p.Damaged, time.Since(p.Time))
		} else {
			t.Log("damaged", p.Damaged)
		}
	})
	t.Log(err, n, sent.Load(), cam.Control("brightness"), cam.Control("auto exposure"))
	start := time.Now()
	if err := cam.Unplug(); err != nil {
		t.Fatal(err)
	}
	t.Log("unplugged", time.Since(start))
	v := &source.Webcam{Address: "name/vivid", Width: 640, Height: 360, FPS: 25, Format: "nv12"}
	ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	n = 0
	err = v.Run(ctx, func(p stream.Picture) {
		if p.Facts != nil {
			t.Log(p.Facts)
		}
		if n++; n == 10 {
			cancel()
		}
		t.Log(len(p.JPEG), p.Damaged, time.Since(p.Time))
	})
	t.Log(err)
}
