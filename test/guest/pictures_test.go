//go:build linux

package guest

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"mjpegazer/test/usbcam"
)

var (
	small = usbcam.Size{Width: 320, Height: 240}
	large = usbcam.Size{Width: 640, Height: 480}
)

// jpegs are n pictures of a size, all different.
func jpegs(t testing.TB, size usbcam.Size, n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		img := image.NewYCbCr(image.Rect(0, 0, size.Width, size.Height), image.YCbCrSubsampleRatio422)
		for j := range img.Y {
			img.Y[j] = byte(j/8*5 + i*13)
		}
		for j := range img.Cb {
			img.Cb[j], img.Cr[j] = byte(j/64), byte(100+i)
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}); err != nil {
			t.Fatal(err)
		}
		all[i] = b.Bytes()
	}
	return all
}

// raw is a picture of one colour, as YUYV or NV12 of limited range.
func raw(s usbcam.Stream, y, cb, cr byte) []byte {
	pixels := s.Width * s.Height
	if s.Format == usbcam.NV12 {
		return append(bytes.Repeat([]byte{y}, pixels), bytes.Repeat([]byte{cb, cr}, pixels/4)...)
	}
	return bytes.Repeat([]byte{y, cb, y, cr}, pixels/2)
}

// usbWebcam is a camera that sends all pictures in turn as MJPEG, and raw ones in orange.
func usbWebcam(name string, all [][]byte) *usbcam.Camera {
	orange := map[usbcam.Stream][]byte{}
	return &usbcam.Camera{
		Name: name, Serial: "0001", Sizes: []usbcam.Size{small, large}, Rates: []int{30, 15},
		Picture: func(s usbcam.Stream, n int) usbcam.Picture {
			if s.Format == usbcam.MJPEG {
				return usbcam.Picture{Data: all[n%len(all)]}
			}
			if orange[s] == nil {
				orange[s] = raw(s, 140, 60, 190)
			}
			return usbcam.Picture{Data: orange[s]}
		},
	}
}

// plug plugs a camera in, waits for its node, and pulls it out when the test ends.
func plug(t testing.TB, c *usbcam.Camera) {
	t.Helper()
	if err := c.Plug(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Unplug() })
	await(t, patience, "node of "+c.Name, func() bool { return node(c.Name) != "" })
}

// sameColour fails where a pixel is not what it ought to be, as far as the eye can tell.
func sameColour(t testing.TB, img image.Image, x, y int, want color.RGBA) {
	t.Helper()
	r, g, b, _ := img.At(x, y).RGBA()
	got := color.RGBA{byte(r >> 8), byte(g >> 8), byte(b >> 8), 255}
	apart := func(a, b byte) bool { return max(a, b)-min(a, b) > 14 }
	if apart(got.R, want.R) || apart(got.G, want.G) || apart(got.B, want.B) {
		t.Errorf("the pixel at %d,%d is %v, want %v", x, y, got, want)
	}
}

func decode(t testing.TB, picture []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	return img
}
