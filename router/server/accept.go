package server

import (
	"errors"
	"log/slog"
	"net"
	"syscall"
	"time"
)

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
