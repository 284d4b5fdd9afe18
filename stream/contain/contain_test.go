package contain_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"mjpegazer/stream/contain"
)

func fails() { panic(errors.New("a mistake")) }

func TestAPanicKeepsItsStack(t *testing.T) {
	var inner, outer contain.Group
	inner.Go(fails)
	outer.Go(inner.Wait)
	p := contain.Call(outer.Wait)
	if p == nil || !strings.Contains(p.Stack, "contain_test.fails") || !strings.Contains(p.Error(), "a mistake") {
		t.Errorf("%+v", p)
	}
	once := contain.Once(fails)
	for range 2 {
		if p := contain.Call(once); p == nil || !strings.Contains(p.Stack, "contain_test.fails") {
			t.Errorf("%+v", p)
		}
	}
	if p := contain.Call(func() {}); p != nil {
		t.Error(p)
	}
}

// failingLog panics as well.
type failingLog struct{ slog.Handler }

func (failingLog) Enabled(context.Context, slog.Level) bool { panic("the log") }

func TestALogThatPanicsDoesNoHarm(t *testing.T) {
	for _, log := range []*slog.Logger{nil, slog.New(failingLog{})} {
		if contain.Do(log, "it panicked", fails) {
			t.Error("a panic was not reported")
		}
		if !contain.Do(log, "it panicked", func() {}) {
			t.Error("a panic was reported that was none")
		}
	}
}
