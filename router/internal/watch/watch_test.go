package watch_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router/internal/watch"
)

// A file is a path in a directory of the test's own.
type file string

func newFile(t *testing.T, content string) file {
	t.Helper()
	f := file(filepath.Join(t.TempDir(), "file"))
	f.write(t, content)
	return f
}

func (f file) write(t *testing.T, content string) {
	t.Helper()
	if err := os.WriteFile(string(f), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// words parses anything but the word wrong.
func words(contents [][]byte) (string, error) {
	text := string(bytes.Join(contents, []byte(" ")))
	if text == "wrong" {
		return "", errors.New("it is wrong")
	}
	return text, nil
}

// A change counts within a second, also for the first request after a long time; what makes no sense changes nothing.
func TestChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		path := newFile(t, "one")
		files, err := watch.Open(slog.New(slog.NewTextHandler(&log, nil)), words, string(path))
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			content string
			wait    time.Duration
			want    string
		}{
			{"one", 0, "one"}, {"two", time.Second - 1, "one"}, {"two", 1, "two"}, {"wrong", time.Second, "two"},
			{"wrong", time.Second, "two"}, {"wrong", time.Hour, "two"}, {"three", time.Hour, "three"},
			{strings.Repeat("x", 1<<20+1), time.Hour, "three"}, {strings.Repeat("x", 1<<20), time.Hour, strings.Repeat("x", 1<<20)},
		} {
			path.write(t, step.content)
			time.Sleep(step.wait)
			if got := files.Get(); got != step.want {
				t.Errorf("after %.9s for %v it is %.9s, want %.9s", step.content, step.wait, got, step.want)
			}
		}
		os.Remove(string(path))
		time.Sleep(time.Second)
		if got := files.Get(); len(got) != 1<<20 {
			t.Errorf("without the file it is %.9s", got)
		}
		synctest.Wait()
		text := log.String()
		if strings.Count(text, "WARN") != 3 || strings.Count(text, "INFO") != 3 || strings.Contains(text, "xxx") {
			t.Errorf("it said:\n%s", text)
		}
	})
}

// A file that is written in place is empty or half for a moment, which must not lock out everybody whom it names.
func TestHalfWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		path := newFile(t, "one two")
		files, err := watch.Open(slog.New(slog.NewTextHandler(&log, nil)), words, string(path))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		path.write(t, "")
		var writing sync.WaitGroup
		writing.Go(func() {
			for _, part := range []string{"one", "one thr", "one three"} {
				time.Sleep(60 * time.Millisecond)
				path.write(t, part)
			}
		})
		if got := files.Get(); got != "one three" {
			t.Errorf("%q is taken for the file", got)
		}
		writing.Wait()
		writing.Go(func() {
			time.Sleep(5 * time.Millisecond) // never is it written at the very moment of a look
			for i := range 100 {             // nor at rest
				path.write(t, strings.Repeat("x", i))
				time.Sleep(70 * time.Millisecond)
			}
			path.write(t, "")
		})
		for range 20 {
			time.Sleep(200 * time.Millisecond)
			if got := files.Get(); got != "one three" {
				t.Errorf("%q is taken for the file", got)
			}
		}
		writing.Wait()
		time.Sleep(time.Second)
		if got := files.Get(); got != "" {
			t.Errorf("%q though the file is empty", got)
		}
		synctest.Wait()
		if n := strings.Count(log.String(), "WARN"); n != 1 {
			t.Errorf("%d warnings:\n%s", n, log.String())
		}
	})
}

// Two files are parsed together.
func TestTwoFiles(t *testing.T) {
	one, two := newFile(t, "one"), newFile(t, "two")
	files, err := watch.Open(nil, words, string(one), string(two))
	if err != nil || files.Get() != "one two" {
		t.Errorf("%q, %v", files.Get(), err)
	}
	if _, err := watch.Open(nil, words, string(one), string(two)+"x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the second file: %v", err)
	}
	if _, err := watch.Open(nil, words, t.TempDir()); err == nil || !strings.Contains(err.Error(), "regular file") {
		t.Errorf("a directory: %v", err)
	}
}

// While a file is read that does not answer, as on a network disk, everybody gets what was read before, and one goroutine
// alone reads.
func TestHangingFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var readers atomic.Int32
		answers := make(chan struct{})
		path := newFile(t, "one")
		files, err := watch.Open(slog.New(slog.NewTextHandler(&log, nil)), func(contents [][]byte) (string, error) {
			if readers.Add(1) > 1 {
				<-answers
			}
			return words(contents)
		}, string(path))
		if err != nil {
			t.Fatal(err)
		}
		path.write(t, "two")
		time.Sleep(time.Hour)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				begun := time.Now()
				if got := files.Get(); got != "one" || time.Since(begun) > 500*time.Millisecond {
					t.Errorf("%s after %v", got, time.Since(begun))
				}
			})
		}
		all.Wait()
		for range 100 {
			begun := time.Now()
			if got := files.Get(); got != "one" || time.Since(begun) != 0 {
				t.Errorf("%s after %v, while it is known that the file does not answer", got, time.Since(begun))
			}
			time.Sleep(time.Second)
		}
		if n := readers.Load(); n != 2 {
			t.Errorf("%d reads, want the first and one that hangs", n)
		}
		synctest.Wait()
		if strings.Count(log.String(), "WARN") != 1 {
			t.Errorf("it said:\n%s", log.String())
		}
		close(answers)
		synctest.Wait()
		if got := files.Get(); got != "two" {
			t.Errorf("%s when the file has answered", got)
		}
	})
}

// What parse panics at changes nothing either, is logged once, and does not keep the next change away.
func TestParseThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		path := newFile(t, "one")
		files, err := watch.Open(slog.New(slog.NewTextHandler(&log, nil)), func(contents [][]byte) (string, error) {
			if string(contents[0]) == "bad" {
				panic("oh")
			}
			return words(contents)
		}, string(path))
		if err != nil {
			t.Fatal(err)
		}
		path.write(t, "bad")
		for range 5 {
			time.Sleep(time.Second)
			begun := time.Now()
			if got := files.Get(); got != "one" || time.Since(begun) > 100*time.Millisecond {
				t.Errorf("%q after %v", got, time.Since(begun))
			}
		}
		path.write(t, "two")
		time.Sleep(time.Second)
		if got := files.Get(); got != "two" {
			t.Errorf("%q", got)
		}
		synctest.Wait()
		text := log.String()
		if strings.Count(text, "level=ERROR") != 1 || !strings.Contains(text, "watch_test.go") || !strings.Contains(text, "file reloaded") {
			t.Error(text)
		}
	})
}

// A panickingHandler is a log that cannot be written.
type panickingHandler struct{ slog.Handler }

func (panickingHandler) Handle(context.Context, slog.Record) error { panic("oh") }

func TestLogThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := newFile(t, "one")
		files, err := watch.Open(slog.New(panickingHandler{slog.DiscardHandler}), words, string(path))
		if err != nil {
			t.Fatal(err)
		}
		for _, content := range []string{"wrong", "two"} {
			path.write(t, content)
			time.Sleep(time.Second)
			files.Get()
			synctest.Wait()
		}
		if got := files.Get(); got != "two" {
			t.Errorf("%q", got)
		}
	})
}
