package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"mjpegazer/router/server/internal/supervisor"
	"mjpegazer/stream"
)

const (
	statusPause = 2 * time.Second // from one status to the next
	answerTime  = 5 * time.Second // for the program to answer itself
)

// supervise tells the service manager how the program is, until ctx is done.
func (p *program) supervise(ctx context.Context) {
	watchdog := supervisor.Watchdog() / 3
	said, alive := "", time.Now()
	for sleep(ctx, shortest(statusPause, watchdog)) {
		if status := p.status(); status != said {
			supervisor.Status(status)
			said = status
		}
		if watchdog > 0 && time.Since(alive) >= watchdog && p.alive(ctx) {
			supervisor.Alive()
			alive = time.Now()
		}
	}
}

func shortest(a, b time.Duration) time.Duration {
	if b > 0 && b < a {
		return b
	}
	return a
}

// status is what the program does, in a line.
func (p *program) status() string {
	if _, _, mistakes := p.outcome.get(); len(mistakes) > 0 {
		return fmt.Sprintf("configuration not reloaded: %s", mistakes[0])
	}
	all := *p.serving.Load()
	live, viewers := 0, 0
	for _, c := range all.cameras {
		stats := c.stream.Stats()
		viewers += stats.Viewers
		if stats.State == stream.Live {
			live++
		}
	}
	return fmt.Sprintf("%s, %d live, %s", plural(len(all.cameras), "camera"), live, plural(viewers, "viewer"))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// alive reports whether the program answers a request of its own, and no camera's reader is stuck: that it does not return is
// a fault of this program, unlike a camera that is down.
func (p *program) alive(ctx context.Context) bool {
	all := *p.serving.Load()
	for _, c := range all.cameras {
		if stats := c.stream.Stats(); stats.Stuck > c.stream.Stall() {
			p.log.Error("camera does not stop: the service manager is not told that all is well", "camera", c.Name, "since", stats.Stuck.Round(time.Second))
			return false
		}
	}
	p.clients.checking.Store(true)
	defer p.clients.checking.Store(false)
	for _, opened := range all.ports {
		if !opened.metrics && p.answers(ctx, opened.Addr()) {
			return true
		}
	}
	p.log.Error("the program does not answer itself: the service manager is not told that all is well")
	return false
}

// answers reports whether the program answers at an address of its own. It does without an http.Transport, which nothing else
// here needs: that is 260 KB of program.
func (p *program) answers(ctx context.Context, address net.Addr) bool {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, address.Network(), address.String())
	if err != nil {
		return false
	}
	defer c.Close()
	deadline, _ := ctx.Deadline()
	c.SetDeadline(deadline) // it fails where all else will
	if p.secure.Load() != nil && address.Network() == "tcp" {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true}) // nobody else can be there
	}
	if _, err := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		return false
	}
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	return err == nil && response.StatusCode == http.StatusOK
}
