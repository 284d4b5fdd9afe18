package server

import (
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// A crowd counts connections, and gives memory back to the system when most of many have gone. By itself the collector
// would wait until as much was used again, which may be never.
type crowd struct {
	mu      sync.Mutex
	here    int
	most    int  // at a time, since memory was given back
	leaving bool // memory will be given back in a moment
	tidied  time.Time
}

const (
	crowded   = 200 // fewer are not worth it
	leaveTime = 300 * time.Millisecond
	tidyPause = 5 * time.Second // or more between two times
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
			time.AfterFunc(max(leaveTime, tidyPause-time.Since(c.tidied)), c.tidy)
		}
	}
}

func (c *crowd) tidy() {
	c.mu.Lock()
	c.most, c.leaving, c.tidied = c.here, false, time.Now()
	c.mu.Unlock()
	runtime.GC() // what sync.Pool keeps for another time, as net/http does, outlives one collection
	debug.FreeOSMemory()
}
