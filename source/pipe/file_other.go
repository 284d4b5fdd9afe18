//go:build !unix

package pipe

const nonblocking = 0
