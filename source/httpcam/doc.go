// Package httpcam reads cameras that speak HTTP: MJPEG, or single pictures, however badly they keep to the standards.
package httpcam
