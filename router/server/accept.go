package server

import (
	"errors"
	"log/slog"
	"net"
	"syscall"
	"time"
)

// A patientListener waits while there are no file descriptors, or no memory, for another connection.
type patientListener struct {
	net.Listener
	log  *slog.Logger
	told time.Time
}

const (
	shortagePause = 100 * time.Millisecond
	shortageTold  = 10 * time.Second // how often it is said
)

// Accept is called by one goroutine.
func (l *patientListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err == nil || !shortage(err) {
			return c, err
		}
		if now := time.Now(); now.Sub(l.told) > shortageTold {
			l.told = now
			l.log.Warn("no more viewers can connect: allow the program more open files (ulimit -n, LimitNOFILE=)", "reason", err)
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
