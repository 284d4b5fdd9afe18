// Package mjpeg is MJPEG as bytes: what cameras send is read here, and what viewers get is written, both here alone.
package mjpeg
