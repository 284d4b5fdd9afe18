package server

import (
	"bytes"
	"context"
	"time"

	"mjpegazer/router/internal/watch"
)

// How files are watched. Nothing tells of changes on network disks and of single files that are mounted into a container, so
// they are looked at again and again.
const (
	lookPause  = 2 * time.Second
	settleTime = 250 * time.Millisecond // for which a file must stay as it is: editors write it in pieces
	halfTime   = 3 * time.Second        // the same of one that seems to be half written: its last line has no end
	emptyTime  = 10 * time.Second       // the same of one that is empty: editors begin so
)

// watchFiles tells p.changed when a file that the configuration was made of is another, and stays so, until ctx is done.
func (p *program) watchFiles(ctx context.Context) {
	for sleep(ctx, lookPause) {
		used := *p.watched.Load()
		if used.Equal(used.Now()) || !p.settle(ctx, used) {
			continue
		}
		select {
		case p.changed <- struct{}{}:
		case <-ctx.Done():
		}
	}
}

// settle waits until the files do not change any more, and reports whether they are still others than those that were used.
func (p *program) settle(ctx context.Context, used watch.Contents) bool {
	for {
		now := used.Now()
		for wait := p.settleTime(); wait > 0; wait -= settleTime {
			if !sleep(ctx, settleTime) {
				return false
			}
			if latest := used.Now(); !latest.Equal(now) {
				now = nil
				break
			}
		}
		if now != nil {
			return !now.Equal(used)
		}
	}
}

// settleTime is how long the configuration file must stay as it is.
func (p *program) settleTime() time.Duration {
	content, err := new(watch.Set).Read(p.file)
	switch {
	case err != nil:
	case len(bytes.TrimSpace(content)) == 0:
		return emptyTime
	case content[len(content)-1] != '\n':
		return halfTime
	}
	return settleTime
}

// sleep reports whether it could sleep for so long.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
