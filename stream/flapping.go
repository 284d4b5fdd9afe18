package stream

import (
	"log/slog"
	"time"
)

const (
	flapTime = time.Minute
	maxFlaps = 6 // lines in flapTime
)

// flapping keeps a camera that comes and goes from filling the log: of a minute six changes are logged, and then how many more there
// were.
type flapping struct {
	timer  *time.Timer // runs for a minute from the first line; nil: there was none
	logged int
	held   int
}

// logChange logs that the camera came or went.
func (s *Stream) logChange(level slog.Level, message string, args ...any) {
	f := &s.flapping
	if f.timer == nil && !s.closed {
		f.timer = time.AfterFunc(flapTime, s.logFlaps)
	}
	if f.logged++; f.logged > maxFlaps {
		f.held++
		return
	}
	s.log(level, message, args...)
}

// logFlaps ends the minute.
func (s *Stream) logFlaps() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held := s.flapping.held; held > 0 {
		s.log(slog.LevelWarn, "camera goes up and down", "more_changes", held, "in", flapTime, "now", string(s.stats.State), "reason", s.stats.Error)
	}
	s.flapping = flapping{}
}

// turned is when a camera that is watched came to be live, or down.
type turned struct {
	state State // "": neither yet
	at    time.Time
}

// turn notes that the camera is live or down now, and returns for the log that it was the opposite, and how long.
func (s *Stream) turn(now, opposite State) []any {
	before, at := s.turned, time.Now()
	if before.state != now {
		s.turned = turned{now, at}
	}
	if before.state != opposite {
		return nil
	}
	return []any{"was", string(opposite), "for", at.Sub(before.at).Round(time.Millisecond)}
}
