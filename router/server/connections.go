package server

import (
	"container/list"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// connections bounds how many clients are connected. When there are too many, the one goes that has been idle longest: a client that
// keeps connections for nothing must not take the descriptors that cameras and viewers need. The zero value has no bound.
type connections struct {
	most atomic.Int64 // 0: any number
	// checking is while the program asks itself whether it answers: one connection too many is its own.
	checking atomic.Bool
	log      *slog.Logger

	mu     sync.Mutex
	open   int
	idle   list.List // of net.Conn, those that wait for a request, the longest first
	places map[net.Conn]*list.Element
	warned time.Time

	peak      int // connections open at a time since memory was last released
	releasing bool
	released  time.Time
}

// When most of many clients have left, their memory goes back at once, and not only when the memory is looked at next.
const (
	manyConnections = 200 // fewer are not worth it
	releaseDelay    = 300 * time.Millisecond
	releasePause    = 2 * time.Second // at least, from one release to the next
)

// note is for [http.Server.ConnState].
func (c *connections) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if place, ok := c.places[conn]; ok {
		c.idle.Remove(place)
		delete(c.places, conn)
	}
	switch state {
	case http.StateNew:
		c.open++
		c.peak = max(c.peak, c.open)
		c.wait(conn)
		if most := int(c.most.Load()); most > 0 && c.open > most {
			c.shed()
		}
	case http.StateIdle:
		c.wait(conn)
	case http.StateClosed, http.StateHijacked: // the last that is heard of a connection
		c.open--
		if !c.releasing && c.peak >= manyConnections && c.open <= c.peak/2 {
			c.releasing = true
			time.AfterFunc(max(releaseDelay, releasePause-time.Since(c.released)), c.release)
		}
	}
}

func (c *connections) release() {
	c.mu.Lock()
	c.peak, c.releasing, c.released = c.open, false, time.Now()
	c.mu.Unlock()
	releaseMemory()
}

// wait notes that a connection waits for a request.
func (c *connections) wait(conn net.Conn) {
	if c.places == nil {
		c.places = map[net.Conn]*list.Element{}
	}
	c.places[conn] = c.idle.PushBack(conn)
}

// shed closes the connection that has been idle longest; where all others are in use it is the newest.
func (c *connections) shed() {
	if c.idle.Len() == 1 && c.checking.Load() {
		return
	}
	first := c.idle.Front()
	conn := first.Value.(net.Conn)
	c.idle.Remove(first)
	delete(c.places, conn)
	if c.idle.Len() == 0 && c.log != nil && time.Since(c.warned) > warningPause {
		c.warned = time.Now()
		c.log.Warn("connection limit reached (-max-connections)", "connections", c.open-1)
	}
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn() // to take leave could take long
	}
	conn.Close()
}

const (
	ownDescriptors    = 64 // for listeners, the log, files that are watched, and what the libraries need
	cameraDescriptors = 4  // a camera's connection, the next one, and the name service's
)

// connectionLimit is how many connections leave enough of the limit of open files for the cameras; 0 is any number.
func connectionLimit(openFiles uint64, cameras int) int {
	if openFiles == 0 || openFiles > 1<<24 {
		return 0
	}
	files := int(openFiles)
	return max(files-ownDescriptors-cameraDescriptors*cameras, files/2)
}

// A patientListener waits while there is no file descriptor, or no memory, for another connection.
type patientListener struct {
	net.Listener
	log    *slog.Logger
	warned time.Time
}

const (
	shortagePause = 100 * time.Millisecond
	warningPause  = 10 * time.Second // from one warning to the next
)

// Accept is called by one goroutine.
func (l *patientListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err == nil || !shortage(err) {
			return c, err
		}
		if now := time.Now(); now.Sub(l.warned) > warningPause {
			l.warned = now
			l.log.Warn("no more viewers can connect: raise the limit of open files (ulimit -n, LimitNOFILE=)", "reason", err)
		}
		time.Sleep(shortagePause)
	}
}

func shortage(err error) bool {
	for _, e := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
