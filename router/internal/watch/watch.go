// Package watch reads files again when they change.
package watch

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	pause   = time.Second // between two looks at a file, so that a crowd of requests costs one
	maxSize = 1 << 20     // bytes; nothing that is watched here is as large
)

// Files are what files say, read anew when they change. What makes no sense, as a file that is half written, changes
// nothing until it does.
type Files[T any] struct {
	paths []string
	parse func(contents [][]byte) (T, error)
	log   *slog.Logger

	mu     sync.Mutex
	value  T
	hash   [sha256.Size]byte // the contents that were parsed last, well or not
	failed string            // what was wrong at the latest look; "" where nothing was
	next   time.Time         // of the next look
}

// Open reads files for the first time, when what makes no sense is an error.
func Open[T any](log *slog.Logger, parse func(contents [][]byte) (T, error), paths ...string) (*Files[T], error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	w := &Files[T]{paths: paths, parse: parse, log: log, next: time.Now().Add(pause)}
	return w, w.read()
}

// Get is the newest value that made sense.
func (w *Files[T]) Get() T {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); !now.Before(w.next) {
		w.next = now.Add(pause)
		w.reread()
	}
	return w.value
}

// reread looks and tells what is wrong, once.
func (w *Files[T]) reread() {
	before, failed := w.hash, ""
	if err := w.read(); err != nil {
		failed = err.Error()
	} else if w.hash == before {
		return
	}
	switch {
	case failed == "":
		w.log.Info("file read anew", "file", strings.Join(w.paths, " "))
	case failed != w.failed:
		w.log.Warn("file changed and makes no sense: what was read before still holds", "error", failed)
	}
	w.failed = failed
}

// read reads the files, and parses them if they are not as they were.
func (w *Files[T]) read() error {
	contents := make([][]byte, len(w.paths))
	hash := sha256.New()
	for i, path := range w.paths {
		content, err := readFile(path)
		if err != nil {
			return err
		}
		contents[i] = content
		fmt.Fprintf(hash, "%d\n%s", len(content), content)
	}
	sum := [sha256.Size]byte(hash.Sum(nil))
	if sum == w.hash {
		return nil
	}
	value, err := w.parse(contents)
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(w.paths, ", "), err)
	}
	w.hash, w.value = sum, value
	return nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxSize {
		return nil, fmt.Errorf("%s: more than %d bytes", path, maxSize)
	}
	return content, nil
}
