// Package contain keeps a panic from ending the program. A goroutine that panics ends all of them, and so does the function of a
// timer: net/http protects its handlers, and package stream its sources, but nobody protects what these start.
//
// What serves one viewer or camera ends with its panic. A goroutine that is part of somebody's work belongs to a [Group], whose Wait
// panics in the place of its goroutines, where the panic is contained already. What serves all goes on: it is called by [Do],
// which logs the panic.
package contain

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// A Panic is what a function panicked with.
type Panic struct {
	Value any
	Stack string // of the goroutine that panicked
}

// Error says both.
func (p *Panic) Error() string { return fmt.Sprintf("%v\n\n%s", p.Value, p.Stack) }

// Call calls f and returns its panic; nil: there was none. A Panic that f passed on is returned as it is.
func Call(f func()) (panicked *Panic) {
	defer func() {
		switch value := recover().(type) {
		case nil:
		case *Panic:
			panicked = value
		default:
			panicked = &Panic{value, string(debug.Stack())}
		}
	}()
	f()
	return nil
}

// Do calls f. A panic is logged as an error with the message, and ok is then false. The log may be nil; that it panics as well does
// no harm.
func Do(log *slog.Logger, message string, f func()) (ok bool) {
	p := Call(f)
	if p != nil && log != nil {
		Call(func() { log.Error(message, "panic", fmt.Sprint(p.Value), "stack", p.Stack) })
	}
	return p == nil
}

// Once is [sync.OnceFunc], with a [Panic] that has the stack of f.
func Once(f func()) func() {
	return sync.OnceFunc(func() {
		if p := Call(f); p != nil {
			panic(p)
		}
	})
}

// A Group is goroutines that work for the one that waits for them. The zero value is an empty Group.
type Group struct {
	running sync.WaitGroup
	first   atomic.Pointer[Panic]
}

// Go calls f in a goroutine.
func (g *Group) Go(f func()) {
	g.running.Go(func() {
		if p := Call(f); p != nil {
			g.first.CompareAndSwap(nil, p)
		}
	})
}

// Wait waits until all have returned. It panics with the first [Panic] of one of them.
func (g *Group) Wait() {
	g.running.Wait()
	if p := g.first.Load(); p != nil {
		panic(p)
	}
}
