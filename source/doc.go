// Package source is where pictures come from: one [stream.Source] for each kind of camera.
//
// [HTTP] reads cameras that send MJPEG over HTTP, or single pictures, however badly they keep to the standards. [Parts]
// finds the pictures in any stream of bytes. [Pattern] draws its own, for want of a camera.
package source
