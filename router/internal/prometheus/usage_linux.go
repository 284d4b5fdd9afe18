package prometheus

import (
	"bytes"
	"math"
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
	u.files = descriptors()
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		u.maxFiles = float64(limit.Cur)
	}
}

// descriptors is how many there are. Linux 6.2 and later say it; to count them takes milliseconds where there are many.
func descriptors() float64 {
	const folder = "/proc/self/fd"
	if info, err := os.Stat(folder); err == nil && info.Size() > 0 {
		return float64(info.Size())
	}
	dir, err := os.Open(folder)
	if err != nil {
		return math.NaN()
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return math.NaN()
	}
	return float64(len(names) - 1) // without that of the folder
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
