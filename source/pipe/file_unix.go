//go:build unix

package pipe

import "syscall"

// nonblocking lets a named pipe be opened that nobody writes to yet.
const nonblocking = syscall.O_NONBLOCK
