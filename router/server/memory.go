package server

import (
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// keepWithinMemory makes the collector work harder before the limit of the cgroup is reached, as containers and systemd's
// MemoryMax= set one. GOMEMLIMIT, where it is set, says it itself.
func keepWithinMemory() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	if limit, ok := cgroupLimit(os.DirFS("/")); ok {
		debug.SetMemoryLimit(limit / 10 * 7) // the rest is for what the kernel holds for viewers
	}
}

// cgroupLimit is the least of the memory limits, in bytes, of the program's cgroup and those that it is in (cgroups(7)).
func cgroupLimit(root fs.FS) (limit int64, ok bool) {
	limit = math.MaxInt64
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(groups)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) < 3 {
			continue
		}
		top, file := "sys/fs/cgroup", "memory.max"
		switch controllers := fields[1]; controllers {
		case "":
		case "memory":
			top, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		for group := path.Join(top, fields[2]); strings.HasPrefix(group, top); group = path.Dir(group) {
			text, err := fs.ReadFile(root, path.Join(group, file))
			if err != nil {
				continue // a container does not see where its own group hangs
			}
			if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 {
				limit = min(limit, n)
			}
		}
	}
	return limit, limit < 1<<50 // version 1 says "none" by a number that is nearly the largest
}
