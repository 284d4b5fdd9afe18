// Package stream shares one camera among many viewers. It knows nothing of HTTP.
package stream
