package router_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// A stuckWriter writes no picture before its deadline, or its release.
type stuckWriter struct {
	http.ResponseWriter
	panics   bool // where its deadline is set to end the viewer
	overdue  chan struct{}
	released chan struct{}
}

func (w *stuckWriter) Write(p []byte) (int, error) {
	if len(p) < 1<<20 {
		return len(p), nil
	}
	select {
	case <-w.overdue:
		return 0, os.ErrDeadlineExceeded
	case <-w.released:
		return len(p), nil
	}
}

func (w *stuckWriter) FlushError() error { return nil }

func (w *stuckWriter) SetWriteDeadline(t time.Time) error {
	if t.After(time.Now()) {
		return nil
	}
	if w.panics {
		panic("oh")
	}
	close(w.overdue)
	return nil
}

// A viewer whose ResponseWriter panics when the viewer is to be evicted ends with its next picture. The others are evicted as they
// should be, before and after.
func TestEvictionThatPanicsEndsItsViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		pictures := streamtest.OfSize(4 << 20)
		s := open(t, &streamtest.Camera{Interval: 200 * time.Millisecond, JPEG: pictures.JPEG}, stream.Options{})
		h := router.Live(s, router.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		ended := make([]chan struct{}, 7)
		writers := make([]*stuckWriter, len(ended))
		var watching sync.WaitGroup
		for i := range ended { // each holds another picture
			w := &stuckWriter{httptest.NewRecorder(), i == 1, make(chan struct{}), make(chan struct{})}
			ended[i], writers[i] = make(chan struct{}), w
			watching.Go(func() {
				defer close(ended[i])
				h.ServeHTTP(w, httptest.NewRequest("GET", "/live", nil).WithContext(t.Context()))
			})
			time.Sleep(200 * time.Millisecond)
		}
		time.Sleep(1100 * time.Millisecond)
		expect := func(i int, want bool) {
			t.Helper()
			synctest.Wait()
			select {
			case <-ended[i]:
				if !want {
					t.Errorf("viewer %d has ended", i)
				}
			default:
				if want {
					t.Errorf("viewer %d goes on", i)
				}
			}
		}
		for i := range ended {
			expect(i, i < 4 && i != 1) // three hold 12 MiB, of 14
		}
		close(writers[1].released)
		time.Sleep(200 * time.Millisecond)
		expect(1, true)
		for _, w := range writers[4:] {
			close(w.released)
		}
		s.Close()
		watching.Wait()
		text := log.String()
		if strings.Count(text, `level=ERROR msg="looking after a viewer panicked"`) != 1 || !strings.Contains(text, "eviction_test.go") {
			t.Error(text)
		}
	})
}
