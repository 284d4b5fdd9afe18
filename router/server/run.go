// Package server is the program mjpegazer between its command line and the handlers of package router: it reads flags and
// environment, listens, opens the cameras, and ends all in order.
package server

import (
	"context"
	"crypto/tls"
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
	"sync/atomic"
	"syscall"
	"time"

	"mjpegazer/router"
	"mjpegazer/router/access"
	"mjpegazer/router/internal/conn"
	"mjpegazer/router/internal/watch"
	"mjpegazer/router/server/internal/config"
	"mjpegazer/router/server/internal/supervisor"
	"mjpegazer/source/nats"
	"mjpegazer/source/variant"
	"mjpegazer/stream/contain"
)

// Run serves the cameras named in args, the command line without the program's name, until ctx ends. The environment is a
// list of NAME=VALUE, as [os.Environ] returns it; help and version go to stdout, the log and errors to stderr. SIGHUP makes
// it read its configuration file again. The result is the exit status: 0 after an orderly end, 1 where something failed, 2 where
// the command line, the environment or the configuration file is wrong. Where args begin with check, example or link it is that
// command.
func Run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "check" {
		return check(args[1:], environ, stdout, stderr)
	}
	if len(args) > 0 && args[0] == "link" {
		return link(args[1:], environ, stdout, stderr)
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

// A program is what runs. What a reload changes belongs to the goroutine that serves.
type program struct {
	ctx     context.Context
	file    string // the configuration file; "": none
	log     *logging
	started time.Time
	server  *http.Server
	handler atomic.Pointer[http.Handler]
	metrics atomic.Pointer[http.Handler] // at addresses of its own
	secure  atomic.Pointer[tls.Config]   // nil: HTTP
	buffers conn.Buffers                 // of its connections
	limits  *router.Limits
	clients connections
	shared
	failed   chan error                     // of a port
	changed  chan struct{}                  // a file is another
	prepared chan prepared                  // a reload
	watched  atomic.Pointer[watch.Contents] // of the files that the latest reload read
	outcome  outcome
	serving  atomic.Pointer[serving] // for other goroutines
	closing  sync.WaitGroup          // of streams that were removed

	config  *config.Config
	control *access.Control
	cameras cameras
	ports   []*port

	upstream  *upstream
	publisher *nats.Publisher // nil: no other machine gets the cameras
}

// serving is what is served.
type serving struct {
	cameras cameras
	ports   []*port
}

// serve runs until ctx ends, or until a listener fails.
func serve(ctx context.Context, c *config.Config, stderr io.Writer) error {
	log, err := openLog(c, stderr)
	if err != nil {
		return err
	}
	defer log.lines.close()
	c.WarnOfUnknown(log.Logger)
	limitMemory()
	p := newProgram(ctx, c, log)
	if p.ports, err = activated(); err != nil {
		return err
	}
	first, err := p.prepare(c, false)
	if err != nil {
		return err
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)

	opened := p.ports
	p.ports = nil // all are served from now on
	first.ports = append(opened[:len(opened):len(opened)], first.ports[len(opened):]...)
	p.carryOut(first)
	p.outcome.set(nil)
	if p.file != "" {
		p.watched.Store(new(c.Read.Contents()))
		p.goOn(ctx, "watching files", p.watchFiles)
	}
	p.goOn(ctx, "looking after the memory", keepMemory)
	supervisor.Ready(p.status())
	p.goOn(ctx, "telling the service manager", p.supervise)
	warnOfPublic(c, log.Logger, p.ports)
	logAddresses(log.Logger, p.ports, c.Access.CertFile != "", p.cameras) // last, when all that runs does
	err = p.wait(ctx, hangup)
	log.Info("stopping")
	supervisor.Stopping()
	p.shutDown()
	return err
}

func newProgram(ctx context.Context, c *config.Config, log *logging) *program {
	p := &program{
		ctx: ctx, file: c.File, log: log, started: time.Now(), limits: &router.Limits{},
		shared: shared{variant.NewLimit(0), &nats.Connections{}},
		failed: make(chan error), changed: make(chan struct{}), prepared: make(chan prepared, 1),
	}
	p.clients.log = log.Logger
	p.upstream = newUpstream(log.Logger, p.shared, &p.closing)
	p.server = &http.Server{
		Handler:           p,
		BaseContext:       baseContext,
		ConnContext:       router.ConnContext,
		ConnState:         p.clients.note,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          serverLog(log.Logger),
	}
	return p
}

// wait reloads the configuration when it is to be, and returns when the program is to end, with an error where a listener has
// failed. Whatever asks for a reload while one goes on gets another one afterwards.
func (p *program) wait(ctx context.Context, hangup <-chan os.Signal) error {
	var busy, again, reopenLog bool
	reload := func() {
		if busy {
			again = true
			return
		}
		busy = true
		p.reload(reopenLog)
		reopenLog = false
	}
	for {
		select {
		case err := <-p.failed:
			return err
		case <-ctx.Done():
			return nil
		case <-hangup:
			if p.file == "" {
				p.log.Info("SIGHUP ignored: there is no configuration file to reload")
				continue
			}
			reopenLog = true
			reload()
		case <-p.changed:
			reload()
		case result := <-p.prepared:
			contain.Do(p.log.Logger, "reloading the configuration panicked", func() { p.finish(result) })
			if busy = false; again {
				again = false
				reload()
			}
		}
	}
}

// againPause is the time from a panic of something that must go on to its next try.
const againPause = 10 * time.Second

// goOn calls f, which returns when ctx is done, in a goroutine, and again when it has panicked.
func (p *program) goOn(ctx context.Context, what string, f func(context.Context)) {
	go func() {
		for !contain.Do(p.log.Logger, what+" panicked", func() { f(ctx) }) && sleep(ctx, againPause) {
		}
	}()
}

// logAddresses tells where to watch.
func logAddresses(log *slog.Logger, ports []*port, secure bool, cameras cameras) {
	var all []string
	for _, l := range ports {
		if l.metrics {
			log.Info("serving metrics", "address", l.Addr().String(), "path", "/metrics")
			continue
		}
		all = append(all, addresses(l, secure)...)
		if socket, ok := l.Addr().(*net.UnixAddr); ok {
			log.Info("a proxy may connect", "address", "unix:"+socket.Name)
		}
	}
	if len(all) > 0 {
		log.Info("open in a browser", "address", strings.Join(all, " "))
	}
	for _, c := range cameras {
		line := log.With("camera", c.Name, "source", c.address)
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
func (p *program) shutDown() {
	ctx, cancel := context.WithTimeout(context.Background(), camerasTime)
	defer cancel()
	streams := p.upstream.end()
	for _, c := range p.cameras {
		streams = append(streams, c.stream)
	}
	p.closing.Go(func() {
		p.unpublish()
		closeStreams(streams)
		p.shared.nats.Close()
	})
	viewers, done := context.WithTimeout(ctx, viewersTime)
	defer done()
	if p.server.Shutdown(viewers) != nil {
		p.server.Close()
	}
	closed := make(chan struct{})
	go func() { p.closing.Wait(); close(closed) }()
	select {
	case <-closed:
	case <-ctx.Done(): // a camera that does not stop ends with the program
	}
}
