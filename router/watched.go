package router

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
	watchPause  = time.Second // between two looks at a file, so that a crowd of requests costs one
	watchedMost = 1 << 20     // bytes; nothing that is watched here is as large
)

// A watched is what files say, read anew when they change. What makes no sense, as a file that is half written, changes
// nothing until it does.
type watched[T any] struct {
	paths []string
	parse func(contents [][]byte) (T, error)
	log   *slog.Logger

	mu     sync.Mutex
	value  T
	read   [sha256.Size]byte // the contents that were parsed last, well or not
	failed string            // what was wrong at the latest look; "" where nothing was
	next   time.Time         // of the next look
}

// watch reads files for the first time, when what makes no sense is an error.
func watch[T any](log *slog.Logger, parse func(contents [][]byte) (T, error), paths ...string) (*watched[T], error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	w := &watched[T]{paths: paths, parse: parse, log: log, next: time.Now().Add(watchPause)}
	return w, w.look()
}

// get is the newest value that made sense.
func (w *watched[T]) get() T {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); !now.Before(w.next) {
		w.next = now.Add(watchPause)
		w.lookAgain()
	}
	return w.value
}

// lookAgain looks and tells what is wrong, once.
func (w *watched[T]) lookAgain() {
	before, failed := w.read, ""
	if err := w.look(); err != nil {
		failed = err.Error()
	} else if w.read == before {
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

// look reads the files, and parses them if they are not as they were.
func (w *watched[T]) look() error {
	contents := make([][]byte, len(w.paths))
	hash := sha256.New()
	for i, path := range w.paths {
		content, err := readWatched(path)
		if err != nil {
			return err
		}
		contents[i] = content
		fmt.Fprintf(hash, "%d\n%s", len(content), content)
	}
	read := [sha256.Size]byte(hash.Sum(nil))
	if read == w.read {
		return nil
	}
	value, err := w.parse(contents)
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(w.paths, ", "), err)
	}
	w.read, w.value = read, value
	return nil
}

func readWatched(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, watchedMost+1))
	if err != nil {
		return nil, err
	}
	if len(content) > watchedMost {
		return nil, fmt.Errorf("%s: more than %d bytes", path, watchedMost)
	}
	return content, nil
}
