// Cameras that are older than today's rules of TLS: certificates with negative serial numbers, signatures with SHA-1, RSA keys
// below 1024 bits and above 8192. Where certificates are checked, and of the server's own, weak keys and negative numbers are
// refused all the same; SHA-1 in a handshake of TLS 1.2 and RSA keys above 8192 bits are let through there, too.
//
//go:debug x509negativeserial=1
//go:debug tlssha1=1
//go:debug rsa1024min=0
//go:debug tlsmaxrsasize=16384

// Mjpegazer reads each camera once and shows it to any number of viewers.
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
	command := "serve"
	if len(args) > 0 {
		command = args[0]
	}
	switch command {
	case "webcams":
		return webcam.Main(args[1:], stdout, stderr)
	case "probe":
		return probe.Main(args[1:], stdout, stderr)
	case "help":
		args = []string{"-h"}
	case "serve": // may be left out
		args = args[min(1, len(args)):]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	return server.Run(ctx, args, os.Environ(), stdout, stderr)
}
