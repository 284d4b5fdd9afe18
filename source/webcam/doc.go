// Package webcam reads cameras of this machine through pion/mediadevices, with a driver of our own in pure Go.
package webcam
