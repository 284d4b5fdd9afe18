package main

import (
	"io/fs"
	"math"
	"net"
	"net/http"
	"os"
	"path"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
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

// A crowd counts connections, and gives memory back to the system when most of many have gone. By itself the collector
// would wait until as much was used again, which may be never.
type crowd struct {
	mu      sync.Mutex
	here    int
	most    int  // at a time, since memory was given back
	leaving bool // memory will be given back in a moment
}

const (
	crowded   = 200 // fewer are not worth it
	leaveTime = 300 * time.Millisecond
)

// note is for http.Server.ConnState.
func (c *crowd) note(_ net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.here++
		c.most = max(c.most, c.here)
	case http.StateClosed:
		c.here--
		if !c.leaving && c.most >= crowded && c.here <= c.most/2 {
			c.leaving = true
			time.AfterFunc(leaveTime, c.tidy)
		}
	}
}

func (c *crowd) tidy() {
	c.mu.Lock()
	c.most, c.leaving = c.here, false
	c.mu.Unlock()
	runtime.GC() // what sync.Pool keeps for another time, as net/http does, outlives one collection
	debug.FreeOSMemory()
}
