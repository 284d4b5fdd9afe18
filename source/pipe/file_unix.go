//go:build unix

package pipe

import "syscall"

// nonblocking opens a named pipe that has no writer yet.
const nonblocking = syscall.O_NONBLOCK
