package contain_test

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"mjpegazer/stream/contain"
)

// The function of a timer looks after all cameras, and goes on doing so.
func ExampleDo() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "time" || a.Key == "stack" {
			return slog.Attr{}
		}
		return a
	}}))
	done := make(chan bool)
	time.AfterFunc(time.Millisecond, func() {
		done <- contain.Do(log, "looking after the cameras panicked", func() { panic("a mistake") })
	})
	fmt.Println(<-done)
	// Output:
	// level=ERROR msg="looking after the cameras panicked" panic="a mistake"
	// false
}

// A source has its work done by goroutines. Their panics are its own.
func ExampleGroup() {
	source := func() {
		var working contain.Group
		working.Go(func() { panic("a mistake") })
		working.Wait()
	}
	fmt.Println(contain.Call(source).Value)
	// Output: a mistake
}
