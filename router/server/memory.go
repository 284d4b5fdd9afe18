package server

import (
	"context"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

const (
	memoryPause = 5 * time.Second // from one look at the memory to the next
	memorySlack = 12 << 20        // bytes that are not worth it
)

// A memoryKeeper gives memory back to the system that is no longer used, whatever had used it: viewers, a flood, a large picture. By
// itself the collector would wait until as much was used again, which may be never.
type memoryKeeper struct {
	held      uint64 // bytes after the last release
	allocated uint64 // bytes ever, at the last look
}

// keepMemory looks after memory until ctx ends.
func keepMemory(ctx context.Context) {
	var k memoryKeeper
	ticks := time.NewTicker(memoryPause)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			if k.due(readMemory()) {
				releaseMemory()
				k.held, _ = readMemory()
			}
		}
	}
}

func releaseMemory() {
	runtime.GC() // what sync.Pool keeps for later, as net/http does, outlives one collection
	debug.FreeOSMemory()
}

// due reports whether memory should be released: much more is held than before, and it is not being used at such a rate that it
// would soon be needed again.
func (k *memoryKeeper) due(held, allocated uint64) bool {
	used := allocated - k.allocated
	k.allocated = allocated
	k.held = min(k.held, held)
	return held > k.held+k.held/4+memorySlack && used < held/2
}

// readMemory returns how many bytes the program holds of the system, and how many it has ever allocated.
func readMemory() (held, allocated uint64) {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64(), samples[2].Value.Uint64()
}

// limitMemory makes the collector work harder before the memory limit of the program's cgroup is reached, which containers
// and systemd's MemoryMax= set. GOMEMLIMIT takes precedence.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	if limit, ok := cgroupLimit(os.DirFS("/")); ok {
		debug.SetMemoryLimit(limit / 10 * 7) // the rest is for what the kernel holds for viewers
	}
}

// cgroupLimit is the lowest memory limit, in bytes, of the program's cgroup and of those that contain it (cgroups(7)).
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
				continue // a container does not see the groups above its own
			}
			if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 {
				limit = min(limit, n)
			}
		}
	}
	return limit, limit < 1<<50 // version 1 writes "none" as a number close to the largest
}
