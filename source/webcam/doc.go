// Package webcam reads cameras of this machine: webcams on USB and whatever else Video4Linux offers, and those of any other
// driver of pion/mediadevices. It needs no cgo.
//
//	camera := &webcam.Camera{Address: "0", Width: 1280, Height: 720}
//	s := stream.New(camera, stream.Options{})
//
// A [Camera] is open, and its light is on, while it is watched. What the camera compresses itself is passed on byte for
// byte; raw pictures are compressed here. It is found again after it was unplugged, also at another number, and says in
// its errors what to do: which program uses the camera, which group the user must join.
//
// mediadevices' own driver for Linux needs cgo and decodes every picture, so this package brings one of its own, which
// [Camera] uses and [Register] makes known to other programs. A [MediaDevice] reads the pictures of any driver that a
// program imports.
//
// Limits: [Camera] works on Linux alone, with cameras that capture to memory-mapped buffers and send MJPEG or one of
// [Formats]. One program can read a camera at a time.
package webcam
