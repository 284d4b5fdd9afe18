package stream

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"mjpegazer/stream/contain"
)

// lines are a Stream's log on its way, written by a goroutine of its own, which ends when nothing is left: a log that blocks,
// as on a full pipe, must not stop the camera.
type lines struct {
	mu      sync.Mutex
	waiting []line
	lost    int           // lines for which there was no room
	done    chan struct{} // closed when all are written; nil: none is waiting or being written
}

// A line is what a handler is to write.
type line struct {
	handler slog.Handler
	record  slog.Record
}

// maxLines is how many lines wait for a log that blocks.
const maxLines = 100

// log never waits, nor panics, whatever the log does. Args are those of [slog.Logger.Log].
func (s *Stream) log(level slog.Level, message string, args ...any) {
	l := line{s.options.Load().Log.Handler(), slog.NewRecord(time.Now(), level, message, 0)}
	enabled := false
	if contain.Call(func() { enabled = l.handler.Enabled(context.Background(), level) }); enabled {
		l.record.Add(args...)
		s.lines.add(l)
	}
}

// logPanic logs what was contained.
func (s *Stream) logPanic(message string, p *contain.Panic) {
	s.log(slog.LevelError, message, "panic", fmt.Sprint(p.Value), "stack", p.Stack)
}

func (l *lines) add(added line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) >= maxLines {
		l.lost++
		return
	}
	l.waiting = append(l.waiting, added)
	if l.done == nil {
		l.done = make(chan struct{})
		go l.write()
	}
}

func (l *lines) write() {
	for waiting := l.next(); waiting != nil; waiting = l.next() {
		for _, w := range waiting {
			contain.Do(slog.New(w.handler), "writing a line of the log panicked", func() {
				w.handler.Handle(context.Background(), w.record) // slog's own logger passes its errors over as well
			})
		}
	}
}

// next returns the lines that wait, and says how many were lost after them. Without any the writing is over.
func (l *lines) next() []line {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting := l.waiting
	if l.lost > 0 {
		record := slog.NewRecord(time.Now(), slog.LevelWarn, "lines were lost while the log was blocked", 0)
		record.Add("lines", l.lost)
		waiting = append(waiting, line{waiting[len(waiting)-1].handler, record})
	}
	l.waiting, l.lost = nil, 0
	if waiting == nil {
		close(l.done)
		l.done = nil
	}
	return waiting
}

// flush returns when all lines are written, or the time is up.
func (l *lines) flush(up <-chan time.Time) {
	l.mu.Lock()
	done := l.done
	l.mu.Unlock()
	if done == nil {
		return
	}
	select {
	case <-done:
	case <-up:
	}
}
