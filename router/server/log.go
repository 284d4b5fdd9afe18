package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	stdlog "log"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"mjpegazer/router/server/internal/config"
	"mjpegazer/stream/contain"
)

// A logging is where the log goes, and how, which may change.
type logging struct {
	*slog.Logger
	lines   *logWriter
	level   slog.LevelVar
	handler atomic.Pointer[slog.Handler] // writes lines
	stderr  io.Writer
}

// openLog makes the log. It must be closed, so that the last lines are not lost.
func openLog(c *config.Config, stderr io.Writer) (*logging, error) {
	// The reader of standard error may go away; that must not end the program. (Were the signal ignored, commands that are
	// cameras would ignore it, too.)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	l := &logging{lines: &logWriter{lines: make(chan logLine, maxLines), written: make(chan struct{})}, stderr: stderr}
	to, err := l.open(c)
	if err != nil {
		return nil, err
	}
	l.lines.to = to
	l.set(c)
	l.Logger = slog.New(&changingHandler{logging: l})
	go l.lines.write(l.Logger)
	return l, nil
}

// open opens where a configuration wants the log to go.
func (l *logging) open(c *config.Config) (io.Writer, error) {
	if c.LogFile == "" {
		return l.stderr, nil
	}
	f, err := openLogFile(c.LogFile)
	if err != nil {
		return nil, c.Fault("log-file", err)
	}
	return f, nil
}

// set sets level and format as a configuration wants them.
func (l *logging) set(c *config.Config) {
	l.level.Set(slog.Level(c.LogLevel))
	options := &slog.HandlerOptions{Level: slog.LevelDebug} // who logs is asked before
	var handler slog.Handler = slog.NewTextHandler(l.lines, options)
	if c.LogFormat == "json" {
		handler = slog.NewJSONHandler(l.lines, options)
	}
	l.handler.Store(&handler)
}

// A changingHandler has what was added to a logger, for the handler that its log has now.
type changingHandler struct {
	logging *logging
	added   []func(slog.Handler) slog.Handler
}

func (h *changingHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.logging.level.Level()
}

func (h *changingHandler) Handle(ctx context.Context, record slog.Record) error {
	handler := *h.logging.handler.Load()
	for _, add := range h.added {
		handler = add(handler)
	}
	return handler.Handle(ctx, record)
}

func (h *changingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(func(handler slog.Handler) slog.Handler { return handler.WithAttrs(attrs) })
}

func (h *changingHandler) WithGroup(name string) slog.Handler {
	return h.with(func(handler slog.Handler) slog.Handler { return handler.WithGroup(name) })
}

func (h *changingHandler) with(add func(slog.Handler) slog.Handler) slog.Handler {
	return &changingHandler{h.logging, append(slices.Clip(h.added), add)}
}

const (
	maxLines  = 1000                   // waiting for the log's reader
	closeTime = 100 * time.Millisecond // for the last of them
)

// A logLine is one line, or the place where those that follow go; neither is the end.
type logLine struct {
	text []byte
	to   io.Writer
}

// A logWriter never makes the caller wait: lines that the log's reader or disk is too slow for are lost, and counted.
type logWriter struct {
	to      io.Writer // of the goroutine that writes
	lines   chan logLine
	lost    atomic.Int64
	written chan struct{} // closed when all has been written
}

func (w *logWriter) Write(line []byte) (int, error) {
	select {
	case w.lines <- logLine{text: slices.Clone(line)}:
	default:
		w.lost.Add(1)
	}
	return len(line), nil
}

// redirect makes the lines that follow go elsewhere. It does not wait for those before.
func (w *logWriter) redirect(to io.Writer) {
	select {
	case w.lines <- logLine{to: to}:
	default:
		go func() { w.lines <- logLine{to: to} }()
	}
}

func (w *logWriter) write(log *slog.Logger) {
	defer close(w.written)
	for line := range w.lines {
		switch {
		case line.to != nil:
			w.leave()
			w.to = line.to
			continue
		case line.text == nil:
			w.leave()
			return
		}
		err := errors.New("it panicked") // there is nowhere to say more
		contain.Call(func() { _, err = w.to.Write(line.text) })
		if err != nil {
			w.lost.Add(1)
		} else if n := w.lost.Swap(0); n > 0 {
			log.Warn("log lines lost: the reader or the disk is too slow, or full", "lines", n)
		}
	}
}

// leave closes a log file.
func (w *logWriter) leave() {
	if f, ok := w.to.(*os.File); ok && f != os.Stderr {
		f.Close()
	}
}

// close writes the last lines, if they are read.
func (w *logWriter) close() {
	select {
	case w.lines <- logLine{}:
	default: // they are not
		return
	}
	select {
	case <-w.written:
	case <-time.After(closeTime):
	}
}

// serverLog is the log of an [http.Server]: what clients do wrong at debug, what its handlers do as an error.
func serverLog(log *slog.Logger) *stdlog.Logger {
	return stdlog.New(serverLines{log}, "", 0)
}

type serverLines struct{ log *slog.Logger }

func (l serverLines) Write(line []byte) (int, error) {
	level := slog.LevelDebug
	if bytes.Contains(line, []byte(": panic serving ")) {
		level = slog.LevelError
	}
	l.log.Log(context.Background(), level, strings.TrimSpace(string(line)))
	return len(line), nil
}
