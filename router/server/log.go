package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"mjpegazer/router/server/internal/config"
)

// openLog makes the log. It must be closed, so that the last lines are not lost.
func openLog(c *config.Config, stderr io.Writer) (log *slog.Logger, closeLog func(), err error) {
	// The reader of standard error may go away; that must not end the program. (Were the signal ignored, commands that are
	// cameras would ignore it, too.)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	lines := &logWriter{to: stderr, lines: make(chan []byte, maxLines), written: make(chan struct{})}
	closeLog = lines.close
	if c.LogFile != "" {
		f, err := openLogFile(c.LogFile)
		if err != nil {
			return nil, nil, fmt.Errorf("-log-file: %w", err)
		}
		lines.to = f
		closeLog = func() {
			lines.close()
			f.Close()
		}
	}
	options := &slog.HandlerOptions{Level: slog.Level(c.LogLevel)}
	if c.LogFormat == "json" {
		log = slog.New(slog.NewJSONHandler(lines, options))
	} else {
		log = slog.New(slog.NewTextHandler(lines, options))
	}
	go lines.write(log)
	return log, closeLog, nil
}

const (
	maxLines  = 1000                   // waiting for the log's reader
	closeTime = 100 * time.Millisecond // for the last of them
)

// A logWriter never makes the caller wait: lines that the log's reader or disk is too slow for are lost, and counted.
type logWriter struct {
	to      io.Writer
	lines   chan []byte
	lost    atomic.Int64
	written chan struct{} // closed when all has been written
}

func (w *logWriter) Write(line []byte) (int, error) {
	select {
	case w.lines <- append([]byte(nil), line...):
	default:
		w.lost.Add(1)
	}
	return len(line), nil
}

func (w *logWriter) write(log *slog.Logger) {
	defer close(w.written)
	for line := range w.lines {
		if line == nil {
			return
		}
		if _, err := w.to.Write(line); err != nil {
			w.lost.Add(1)
		} else if n := w.lost.Swap(0); n > 0 {
			log.Warn("log lines lost: the reader or the disk is too slow, or full", "lines", n)
		}
	}
}

// close writes the last lines, if they are read.
func (w *logWriter) close() {
	select {
	case w.lines <- nil:
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
