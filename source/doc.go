// Package source is where pictures come from: one [stream.Source] for each kind of camera.
//
// [HTTP] reads cameras that send MJPEG over HTTP, or single pictures, however badly they keep to the standards. [Parts]
// finds the pictures in any stream of bytes. [Pattern] draws its own, for want of a camera.
//
// [Webcam] reads cameras of this machine, through pion/mediadevices and a driver of our own for it, see [RegisterWebcam];
// [MediaDevice] those of any other driver that a program has brought to mediadevices.
package source
