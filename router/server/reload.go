package server

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"mjpegazer/router"
	"mjpegazer/router/access"
	"mjpegazer/router/server/internal/config"
	"mjpegazer/router/server/internal/supervisor"
	"mjpegazer/stream"
	"mjpegazer/stream/contain"
)

// A change is what makes another program of the one that runs. While it is prepared nothing changes, and whatever may fail is
// done; afterwards nothing can fail.
type change struct {
	config  *config.Config
	control *access.Control
	secure  *tls.Config
	cameras []cameraPlan
	ports   []*port
	logTo   io.Writer // nil: as before
}

// prepare makes a change of a configuration. Its error is all that is wrong.
func (p *program) prepare(next *config.Config, reopenLog bool) (*change, error) {
	c := &change{config: next}
	var errs [6]error
	c.control, errs[0] = openAccess(next, p.config, p.control, p.log.Logger)
	c.secure, errs[1] = openTLS(next, p.config, p.secure.Load(), p.log.Logger)
	c.cameras, errs[2] = planCameras(p.cameras, next, p.shared, p.log.Logger)
	if reopenLog && next.LogFile != "" || p.config != nil && next.LogFile != p.config.LogFile {
		c.logTo, errs[3] = p.log.open(next)
	}
	errs[5] = checkPublish(next)
	if err := errors.Join(errs[:]...); err != nil {
		c.discard()
		return nil, err
	}
	if c.ports, errs[4] = openPorts(next, p.ports); errs[4] != nil {
		c.discard()
		return nil, errs[4]
	}
	return c, nil
}

// discard closes what a change has opened before it failed.
func (c *change) discard() {
	if f, ok := c.logTo.(io.Closer); ok {
		f.Close()
	}
}

// carryOut makes a change true: new cameras and addresses are there before old ones go.
func (p *program) carryOut(c *change) {
	before, cameras, ports := p.config, p.cameras, p.ports
	if p.control != nil {
		c.control.Succeed(p.control)
	}
	p.config, p.control, p.ports = c.config, c.control, c.ports
	for _, unknown := range unknownViewers(c.config, c.control) {
		p.log.Warn(unknown.Text, "place", fmt.Sprintf("%s:%d:%d", unknown.File, unknown.Line, unknown.Column))
	}
	if c.logTo != nil {
		p.log.lines.redirect(c.logTo)
	}
	p.log.set(c.config)
	limits := &c.config.Limits
	p.limits.Change(limits.Viewers, limits.ViewersPerCamera, float64(limits.Rate))
	p.clients.most.Store(int64(cmp.Or(limits.Connections, connectionLimit(openFiles(), len(c.cameras)))))
	p.cameras = carryOutCameras(c.cameras, p.upstream)
	if any, ok := c.config.Any(); ok {
		p.upstream.change(c.config, any)
	} else {
		p.upstream.clear()
	}
	p.publish(before)
	p.serving.Store(&serving{p.cameras, p.ports})
	p.secure.Store(c.secure)
	p.handle()
	for _, opened := range c.ports {
		if !slices.Contains(ports, opened) {
			p.serve(opened)
		}
	}
	for _, old := range ports {
		if !slices.Contains(c.ports, old) {
			old.shut()
		}
	}
	for _, opened := range c.ports {
		if opened.shared {
			opened.shared = false
			share(opened.Listener, false) // if it fails, another program of this user may listen beside us
		}
	}
	p.release(cameras)
}

// handle makes the handlers of what there is now.
func (p *program) handle() {
	options := router.Options{
		HealthThreshold: p.config.HealthThreshold, Heartbeat: p.config.Limits.Heartbeat, Limits: p.limits, Access: p.control, Log: p.log.Logger,
		Version: programVersion(), Instance: p.config.Instance, Started: p.started,
		ExternalURL: p.config.Access.ExternalURL,
	}
	if _, ok := p.config.Any(); ok {
		options.Lookup, options.List = p.upstream.lookup, p.upstream.list
	}
	if p.config.File != "" {
		options.Reloaded = p.outcome.get
	}
	metrics := router.Metrics(p.cameras.router(), options)
	p.metrics.Store(&metrics)
	options.NoMetrics = len(p.config.MetricsListen.Values) > 0
	handler := router.New(p.cameras.router(), options)
	p.handler.Store(&handler)
}

// release ends the streams of cameras that are gone.
func (p *program) release(before cameras) {
	var gone []*stream.Stream
	for _, c := range before {
		if p.cameras.named(c.Name) == nil {
			gone = append(gone, c.stream)
		}
	}
	if len(gone) > 0 {
		p.closing.Go(func() { closeStreams(gone) })
	}
}

// reload reads the configuration again, in a goroutine of its own, for a file on a network disk may hang. The result comes by
// p.prepared.
func (p *program) reload(reopenLog bool) {
	old := p.config
	supervisor.Reloading()
	go func() {
		result := prepared{err: errUnforeseen} // where it panics
		contain.Do(p.log.Logger, "reading the configuration panicked", func() {
			if next, err := old.Reload(); err != nil {
				result = prepared{next: next, err: err}
			} else {
				change, err := p.prepare(next, reopenLog)
				result = prepared{next: next, change: change, err: err}
			}
		})
		p.prepared <- result
	}()
}

var errUnforeseen = errors.New("reading it failed in an unforeseen way; the log says more")

// prepared is the result of a reload.
type prepared struct {
	next   *config.Config // nil: it could not be read
	change *change        // nil: it failed
	err    error
}

// finish carries out a reload, or tells why it cannot be.
func (p *program) finish(r prepared) {
	if r.next != nil {
		p.watched.Store(new(r.next.Read.Contents()))
	} else { // it would not be read better before it changes
		p.watched.Store(new(p.watched.Load().Now()))
	}
	defer func() { supervisor.Ready(p.status()) }()
	if r.err != nil {
		lines := strings.Split(r.err.Error(), "\n")
		p.outcome.set(lines)
		for _, line := range lines {
			p.log.Error("configuration not reloaded, nothing changes", "reason", line)
		}
		return
	}
	old := p.config
	lines := config.Diff(old, r.change.config)
	p.carryOut(r.change)
	p.outcome.set(nil)
	level := slog.LevelInfo
	if len(lines) == 0 {
		level = slog.LevelDebug
	}
	p.log.Log(p.ctx, level, "configuration reloaded", "changes", len(lines))
	for _, line := range lines {
		p.log.Info("configuration: " + line)
	}
	if !slices.Equal(old.Listen.Values, p.config.Listen.Values) {
		warnOfPublic(p.config, p.log.Logger, p.ports)
	}
}

// outcome is that of the latest reload, or of the start.
type outcome struct {
	mu         sync.Mutex
	at         time.Time
	successful time.Time // when the latest was that was
	mistakes   []string
}

func (o *outcome) set(mistakes []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.at, o.mistakes = time.Now(), mistakes
	if len(mistakes) == 0 {
		o.successful = o.at
	}
}

func (o *outcome) get() (at, successful time.Time, mistakes []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.at, o.successful, o.mistakes
}
