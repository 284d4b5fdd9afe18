// Package watch reads files again when they change: lists of users, tokens, certificates, and others that people edit or
// programs renew while this one runs.
//
// It looks at the contents, not at the time of the last change, and without the system's notification: that fails where a
// single file is mounted into a container. A look is due a second after the last, when the value is asked for.
package watch

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"mjpegazer/stream/contain"
)

const (
	// pause is the least time between two looks at a file, however often its value is asked for.
	pause = time.Second
	// patience is how long callers wait for a file that is being read. One on a network disk may hang for minutes.
	patience = 500 * time.Millisecond
	// settle is how long contents must stay as they are before they count, and unrest how often they may change meanwhile: whoever writes a
	// file in place has it empty or half for a moment.
	settle = 100 * time.Millisecond
	unrest = 4
	// MaxSize is how large a file may be, in bytes.
	MaxSize = 1 << 20
)

// Files are what one or more files say. A content that parse does not understand, as of a file that is half written, changes
// nothing.
type Files[T any] struct {
	paths []string
	parse func(contents [][]byte) (T, error)
	log   *slog.Logger

	mu      sync.Mutex
	value   T
	next    time.Time     // when a look is due
	reading chan struct{} // closed when the look that goes on has ended; nil while there is none
	begun   time.Time     // when that look began

	// Of the reader, of which there is one at a time:
	seen   checksum // of the contents that were read last, whether parse understood them or not
	parsed checksum // of those that parse understood
	failed string   // what was wrong at the latest look; "" where nothing was
}

type checksum [sha256.Size]byte

// Open reads files for the first time. They must be regular files of at most [MaxSize] bytes, which parse understands. The
// log, which may be nil, gets a line when they were read again, and one when they cannot be used any more.
func Open[T any](log *slog.Logger, parse func(contents [][]byte) (T, error), paths ...string) (*Files[T], error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	f := &Files[T]{paths: paths, parse: parse, log: log}
	contents, now, err := f.load()
	if err != nil {
		return nil, err
	}
	f.seen = now
	if err := f.take(contents, now); err != nil {
		return nil, err
	}
	f.next = time.Now().Add(pause)
	return f, nil
}

// Get returns the newest value that parse understood. Where a look is due it waits for it, but half a second at most.
func (f *Files[T]) Get() T {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if f.reading == nil {
		if now.Before(f.next) {
			return f.value
		}
		f.reading, f.begun = make(chan struct{}), now
		go f.reread(f.reading)
	}
	if rest := patience - now.Sub(f.begun); rest > 0 {
		f.await(f.reading, rest)
	}
	return f.value
}

// await waits, with mu unlocked, for the end of a look.
func (f *Files[T]) await(reading <-chan struct{}, rest time.Duration) {
	f.mu.Unlock()
	defer f.mu.Lock()
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-reading:
	case <-timer.C:
	}
}

// reread looks at the files again. It logs last: a log that blocks keeps nobody from the value.
func (f *Files[T]) reread(reading chan struct{}) {
	files := f.names()
	hangs := time.AfterFunc(patience, func() {
		contain.Call(func() { f.log.Warn("file does not answer: what was read before still holds", "file", files) })
	})
	var changed bool
	var err error
	p := contain.Call(func() { changed, err = f.read() })
	if p != nil {
		err = fmt.Errorf("%s: reading it panicked: %v", files, p.Value)
	}
	hangs.Stop()
	before, failed := f.failed, ""
	if err != nil {
		failed = err.Error()
	}
	f.failed = failed

	f.mu.Lock()
	f.reading, f.next = nil, time.Now().Add(pause)
	close(reading)
	f.mu.Unlock()

	contain.Do(f.log, "writing a line of the log panicked", func() {
		switch {
		case failed != "" && failed == before:
		case p != nil:
			f.log.Error("file cannot be used: what was read before still holds", "error", failed, "stack", p.Stack)
		case failed != "":
			f.log.Warn("file cannot be used: what was read before still holds", "error", failed)
		case changed:
			f.log.Info("file reloaded", "file", files)
		}
	})
}

// read reads the files, and parses them if they are not as they were.
func (f *Files[T]) read() (changed bool, err error) {
	contents, now, err := f.load()
	for tries := 0; err == nil && now != f.seen; tries++ {
		if tries == unrest {
			return false, fmt.Errorf("%s: it changes all the time", f.names())
		}
		f.seen = now
		time.Sleep(settle)
		contents, now, err = f.load()
	}
	if err != nil || now == f.parsed {
		return false, err
	}
	return true, f.take(contents, now)
}

// load reads the files.
func (f *Files[T]) load() (contents [][]byte, all checksum, err error) {
	hash := sha256.New()
	for _, path := range f.paths {
		content, err := readFile(path)
		if err != nil {
			return nil, all, err
		}
		contents = append(contents, content)
		fmt.Fprintf(hash, "%d\n%s", len(content), content)
	}
	return contents, checksum(hash.Sum(nil)), nil
}

// take makes what files say the value, if parse understands them.
func (f *Files[T]) take(contents [][]byte, now checksum) error {
	value, err := f.parse(contents)
	if err != nil {
		return fmt.Errorf("%s: %w", f.names(), err)
	}
	f.parsed = now
	f.mu.Lock()
	defer f.mu.Unlock()
	f.value = value
	return nil
}

// names returns the paths, for people.
func (f *Files[T]) names() string { return strings.Join(f.paths, ", ") }

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path) // before it is opened: a named pipe would wait for a writer
	if err == nil && !info.Mode().IsRegular() {
		err = &os.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, MaxSize+1))
	if err != nil {
		return nil, err
	}
	if len(content) > MaxSize {
		return nil, fmt.Errorf("%s: more than %d bytes", path, MaxSize)
	}
	return content, nil
}
