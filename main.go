// Mjpegazer reads cameras once and shows them to any number of viewers.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"mjpegazer/router/server"
	"mjpegazer/source/probe"
	"mjpegazer/source/webcam"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run runs one of the program's commands; its result is the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "webcams" {
		return webcam.Main(args[1:], stdout, stderr)
	}
	if len(args) > 0 && args[0] == "probe" {
		return probe.Main(args[1:], stdout, stderr)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	return server.Run(ctx, args, os.Environ(), stdout, stderr)
}
