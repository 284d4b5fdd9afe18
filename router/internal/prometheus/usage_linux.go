package prometheus

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// tick is the unit of times in /proc, on every architecture of Linux that Go knows.
const tick = 100 // a second

func (u *usage) read() {
	if content, err := os.ReadFile("/proc/self/stat"); err == nil {
		u.parse(content)
	}
	if dir, err := os.Open("/proc/self/fd"); err == nil {
		defer dir.Close()
		if names, err := dir.Readdirnames(-1); err == nil {
			u.files = float64(len(names) - 1) // without that of the directory
		}
	}
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		u.maxFiles = float64(limit.Cur)
	}
}

// parse reads proc_pid_stat(5). What follows the program's name, which may hold anything, begins with the third field.
func (u *usage) parse(stat []byte) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 22 {
		return
	}
	field := func(number int) float64 {
		n, _ := strconv.ParseFloat(string(fields[number-3]), 64) // the kernel writes numbers
		return n
	}
	u.cpu = (field(14) + field(15)) / tick
	u.virtual, u.resident = field(23), field(24)*float64(os.Getpagesize())
}
