// Package server is the program mjpegazer between its command line and the handlers of package router: it reads flags and
// environment, listens, opens the cameras, and ends all in order.
package server

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"mjpegazer/router"
	"mjpegazer/router/access"
	"mjpegazer/router/server/internal/config"
)

// Run serves the cameras named in args, the command line without the program's name, until ctx ends. The environment is a
// list of NAME=VALUE, as [os.Environ] returns it; help and version go to stdout, the log and errors to stderr. SIGHUP does
// not end the program. The result is the exit status: 0 after an orderly end, 1 where something failed, 2 where the command
// line, the environment or the configuration file is wrong. Where args begin with check or example it is that command.
func Run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "check" {
		return check(args[1:], environ, stdout, stderr)
	}
	if len(args) > 0 && args[0] == "example" {
		fmt.Fprint(stdout, config.Example)
		return 0
	}
	c, err := config.Parse(args, config.NewVariables(environ), stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		report(stderr, err)
		return 2
	case c.Version:
		fmt.Fprintln(stdout, "mjpegazer", programVersion(), build())
		return 0
	}
	if err := c.CheckCameras(); err != nil {
		fmt.Fprintln(stderr, "mjpegazer:", err)
		return 2
	}
	if err := serve(ctx, c, stderr); err != nil {
		report(stderr, err)
		return 1
	}
	return 0
}

// idleTime is how long a client may keep a connection on which nothing is asked.
const idleTime = 20 * time.Second

// serve runs until ctx ends, or until a listener fails.
func serve(ctx context.Context, c *config.Config, stderr io.Writer) error {
	log, closeLog, err := openLog(c, stderr)
	if err != nil {
		return err
	}
	defer closeLog()
	c.WarnOfUnknown(log)
	limitMemory()
	guard, err := openAccess(c, log)
	if err != nil {
		return err
	}
	secure, err := openTLS(c, log)
	if err != nil {
		return err
	}
	listeners, err := listenAll(c.Listen.Values, c.Listen.Given)
	if err != nil {
		return err
	}
	cameras, err := openCameras(c, log)
	if err != nil {
		return err
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)

	options := router.Options{HealthThreshold: c.HealthThreshold, Version: programVersion(), Instance: c.Instance, Access: guard, Log: log}
	c.Limits.Apply(&options)
	clients := &connections{log: log}
	clients.most.Store(int64(cmp.Or(c.Limits.Connections, connectionLimit(openFiles(), len(cameras)))))
	server := &http.Server{
		Handler:           router.New(cameras, options),
		BaseContext:       access.BaseContext,
		ConnContext:       router.ConnContext,
		ConnState:         clients.note,
		TLSConfig:         secure,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          serverLog(log),
	}
	warnOfPublic(c, log, listeners)
	logAddresses(log, listeners, secure != nil, cameras)
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- serveOn(server, &patientListener{Listener: l, log: log}, secure != nil) }()
	}
	go keepMemory(ctx)
	err = wait(ctx, hangup, failed, log)
	log.Info("stopping")
	shutDown(server, cameras)
	return err
}

// wait returns when the program is to end, with an error where a listener has failed.
func wait(ctx context.Context, hangup <-chan os.Signal, failed <-chan error, log *slog.Logger) error {
	for {
		select {
		case err := <-failed:
			return err
		case <-hangup:
			log.Info("SIGHUP ignored: there is no configuration file to reload")
		case <-ctx.Done():
			return nil
		}
	}
}

// serveOn serves HTTPS on the network, if it is to be, and HTTP on Unix sockets: what comes through them has not left the
// machine.
func serveOn(server *http.Server, l net.Listener, secure bool) (err error) {
	if _, network := l.Addr().(*net.TCPAddr); network && secure {
		err = server.ServeTLS(l, "", "")
	} else {
		err = server.Serve(l)
	}
	return fmt.Errorf("%s: cannot accept connections any more: %w", l.Addr(), bare(err))
}

// logAddresses tells where to watch.
func logAddresses(log *slog.Logger, listeners []net.Listener, secure bool, cameras []router.Camera) {
	var all []string
	for _, l := range listeners {
		all = append(all, addresses(l, secure)...)
		if socket, ok := l.Addr().(*net.UnixAddr); ok {
			log.Info("a proxy may connect", "address", "unix:"+socket.Name)
		}
	}
	if len(all) > 0 {
		log.Info("open in a browser", "address", strings.Join(all, " "))
	}
	for _, c := range cameras {
		line := log.With("camera", c.Name, "source", c.Address)
		if len(all) > 0 {
			line = line.With("live", all[0]+c.Name+"/live")
		}
		line.Info("serving camera")
	}
}

// Stopping takes less than the 2 s after which people lose patience, and the 10 s after which containers are killed.
const (
	viewersTime = 1500 * time.Millisecond // for viewers to receive their last part
	camerasTime = 1900 * time.Millisecond // for cameras to be released, counted from the same moment
)

// shutDown ends the viewers' streams after a whole part, and then the rest.
func shutDown(server *http.Server, cameras []router.Camera) {
	ctx, cancel := context.WithTimeout(context.Background(), camerasTime)
	defer cancel()
	var closing sync.WaitGroup
	for _, c := range cameras {
		closing.Go(func() { c.Stream.Close() })
	}
	viewers, done := context.WithTimeout(ctx, viewersTime)
	defer done()
	if server.Shutdown(viewers) != nil {
		server.Close()
	}
	closed := make(chan struct{})
	go func() { closing.Wait(); close(closed) }()
	select {
	case <-closed:
	case <-ctx.Done(): // a camera that does not stop ends with the program
	}
}
