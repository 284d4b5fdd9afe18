// Package server is the program mjpegazer between its command line and the handlers of package router: it reads flags and
// environment, listens, opens the cameras and shuts everything down in order.
package server

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"mjpegazer/router"
	control "mjpegazer/router/access"
	"mjpegazer/source"
	"mjpegazer/stream"
)

// Run serves the cameras named in args, the command line without the program's name, until ctx ends. The environment is a
// list of NAME=VALUE, as [os.Environ] returns it; help and version go to stdout, the log and errors to stderr. The result is
// the exit status: 0 after an orderly end, 1 where something failed, 2 where the command line or the environment is wrong.
func Run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	c, err := parse(args, lookup(environ), stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "mjpegazer:", err)
		return 2
	case c.version:
		fmt.Fprintln(stdout, "mjpegazer", programVersion(), build())
		return 0
	}
	if err := serve(ctx, c, stderr); err != nil {
		fmt.Fprintln(stderr, "mjpegazer:", err)
		return 1
	}
	return 0
}

// lookup returns the variable of a name as [os.Getenv] would: "" where it is not set.
func lookup(environ []string) func(name string) string {
	values := map[string]string{}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		values[name] = value
	}
	return func(name string) string { return values[name] }
}

// serve runs until ctx ends.
func serve(ctx context.Context, c config, stderr io.Writer) error {
	log, closeLog, err := openLog(c, stderr)
	if err != nil {
		return err
	}
	defer closeLog()
	keepWithinMemory()
	guard, err := c.access.open(log)
	if err != nil {
		return err
	}
	secure, err := c.access.tls(log)
	if err != nil {
		return err
	}
	listeners, err := listenAll(c.listen)
	if err != nil {
		return err
	}
	cameras, err := openCameras(c, log)
	if err != nil {
		return err
	}
	options := router.Options{HealthThreshold: c.healthThreshold, Version: programVersion(), Instance: c.instance, Access: guard, Log: log}
	c.limits.apply(&options)
	server := &http.Server{
		Handler:           router.New(cameras, options),
		BaseContext:       control.BaseContext,
		ConnContext:       router.ConnContext,
		ConnState:         new(crowd).note,
		TLSConfig:         secure,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	c.access.warnOfPublic(log, listeners)
	greet(log, listeners, secure != nil, cameras)
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- serveOn(server, &patientListener{Listener: l, log: log}, secure != nil) }()
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		log.Info("stopping")
		shutDown(server, cameras)
		return nil
	}
}

func openCameras(c config, log *slog.Logger) ([]router.Camera, error) {
	cameras := make([]router.Camera, len(c.cameras))
	for i, cam := range c.cameras {
		defaults := c.defaults()
		defaults.Log = log.With("camera", cam.name)
		spec, err := source.Parse(cam.source, defaults)
		if err != nil {
			return nil, err
		}
		options := stream.Options{
			Linger: c.linger, Keep: c.keep || spec.Keep, Stall: spec.Stall, MaxFrame: spec.MaxFrame, Log: defaults.Log,
		}
		cameras[i] = router.Camera{Name: cam.name, Stream: stream.New(spec.Source, options), Address: spec.Display}
	}
	return cameras, nil
}

// serveOn serves HTTPS where the network is listened to, if it is to be: what comes through a Unix socket has not left the
// machine.
func serveOn(server *http.Server, l net.Listener, secure bool) error {
	if _, network := l.Addr().(*net.TCPAddr); network && secure {
		return server.ServeTLS(l, "", "")
	}
	return server.Serve(l)
}

// greet says where to look.
func greet(log *slog.Logger, listeners []net.Listener, secure bool, cameras []router.Camera) {
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
		told := log.With("name", c.Name, "source", c.Address)
		if len(all) > 0 {
			told = told.With("live", all[0]+c.Name+"/live")
		}
		told.Info("camera")
	}
}

// Stopping takes less than the 2 s after which people lose patience and the 10 s after which systemd does.
const (
	readersTime = 1500 * time.Millisecond // for viewers to take their last part
	camerasTime = 1900 * time.Millisecond // for cameras to be let go, counted from the same moment
)

// shutDown ends the viewers' streams after a whole part, and then the rest.
func shutDown(server *http.Server, cameras []router.Camera) {
	ctx, cancel := context.WithTimeout(context.Background(), camerasTime)
	defer cancel()
	var closing sync.WaitGroup
	for _, c := range cameras {
		closing.Go(func() { c.Stream.Close() })
	}
	readers, done := context.WithTimeout(ctx, readersTime)
	defer done()
	if server.Shutdown(readers) != nil {
		server.Close()
	}
	closed := make(chan struct{})
	go func() { closing.Wait(); close(closed) }()
	select {
	case <-closed:
	case <-ctx.Done(): // a camera that does not stop ends with the program
	}
}
