package server

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

// A connectionCount counts connections, and gives memory back to the system when most of many have been closed. By itself
// the collector would wait until as much was used again, which may be never.
type connectionCount struct {
	mu        sync.Mutex
	open      int
	most      int  // open at a time since memory was released
	releasing bool // memory is about to be released
	released  time.Time
}

const (
	manyConnections = 200 // fewer are not worth it
	releaseDelay    = 300 * time.Millisecond
	releasePause    = 5 * time.Second // at least, from one release to the next
)

// note is for [http.Server.ConnState].
func (c *connectionCount) note(_ net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.open++
		c.most = max(c.most, c.open)
	case http.StateClosed, http.StateHijacked: // the last that is heard of a connection
		c.open--
		if !c.releasing && c.most >= manyConnections && c.open <= c.most/2 {
			c.releasing = true
			time.AfterFunc(max(releaseDelay, releasePause-time.Since(c.released)), c.releaseMemory)
		}
	}
}

func (c *connectionCount) releaseMemory() {
	c.mu.Lock()
	c.most, c.releasing, c.released = c.open, false, time.Now()
	c.mu.Unlock()
	runtime.GC() // what sync.Pool keeps for later, as net/http does, outlives one collection
	debug.FreeOSMemory()
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
