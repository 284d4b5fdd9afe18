package httpcam

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
)

const (
	steadyTime = 2 * time.Second // of pictures, after which all other addresses may be tried once more
	returnTime = time.Minute     // after which the first address may be preferred again to one that is good
)

// A failover says which of the addresses of a [Camera] is read.
type failover struct {
	good   int             // the address to begin with
	passed time.Time       // when the first one last failed
	barred map[int]barrier // addresses that want to be left alone for a while
}

// A barrier is why an address is not to be tried, and until when.
type barrier struct {
	until time.Time
	err   error
}

// A failure is why an address was left.
type failure struct {
	address int
	pause   time.Duration // before it may be tried again; 0: it says nothing
	soon    bool          // another try costs nothing
	err     error         // may be shown
}

// addresses are all addresses of the camera, the preferred one first.
func (c *Camera) addresses() ([]*url.URL, error) {
	all := make([]*url.URL, 1+len(c.Also))
	for i, text := range append([]string{c.URL}, c.Also...) {
		u, err := ParseURL(text)
		if err != nil {
			return nil, err
		}
		all[i] = u
	}
	return all, nil
}

// readAll reads one address after the other, without a pause, until none of them is left.
func (c *Camera) readAll(ctx context.Context, addresses []*url.URL, read func(u *url.URL) (f failure, steady bool)) error {
	failed := []failure{}
	for {
		now := time.Now()
		i := c.kept.choose(len(addresses), failed, now)
		if i < 0 {
			return joined(addresses, append(failed, c.kept.barredAt(failed, now)...))
		}
		f, steady := read(addresses[i])
		if ctx.Err() != nil {
			c.kept.left(i, len(addresses), context.Cause(ctx) != context.Canceled)
			return ctx.Err()
		}
		if steady {
			failed = failed[:0]
		}
		f.address = i
		failed = append(failed, f)
		c.kept.failed(f, steady)
		if c.Log != nil && len(failed) < len(addresses) {
			c.Log.Info("camera address given up", "address", redact.URL(addresses[i]), "reason", f.err)
		}
	}
}

// choose returns the address to read now: the one that was good, then the others in their order, each once; -1: none is left.
func (k *kept) choose(n int, failed []failure, now time.Time) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	usable := func(i int) bool {
		return !slices.ContainsFunc(failed, func(f failure) bool { return f.address == i }) && !now.Before(k.failover.barred[i].until)
	}
	if usable(k.failover.good) {
		return k.failover.good
	}
	for i := range n {
		if usable(i) {
			return i
		}
	}
	return -1
}

// failed notes that an address was left. A steady one stays the one that was good.
func (k *kept) failed(f failure, steady bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	if f.address == 0 {
		k.failover.passed = now
	}
	if steady {
		k.failover.good = f.address
	}
	delete(k.failover.barred, f.address)
	if f.pause > 0 {
		if k.failover.barred == nil {
			k.failover.barred = map[int]barrier{}
		}
		k.failover.barred[f.address] = barrier{now.Add(f.pause), f.err}
	}
}

// left notes that an address of n is not read any more: it had no pictures, or nobody watches. Then nobody notices where the next
// viewer gets the first address again.
func (k *kept) left(i, n int, stalled bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case stalled:
		if k.failover.good = (i + 1) % n; i == 0 {
			k.failover.passed = time.Now()
		}
	case time.Since(k.failover.passed) > returnTime:
		k.failover.good = 0
	default:
		k.failover.good = i
	}
}

// barredAt are the addresses that were not tried because they want to be left alone.
func (k *kept) barredAt(failed []failure, now time.Time) (all []failure) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, b := range k.failover.barred {
		tried := slices.ContainsFunc(failed, func(f failure) bool { return f.address == i })
		if !tried && now.Before(b.until) {
			all = append(all, failure{address: i, pause: b.until.Sub(now), err: b.err})
		}
	}
	return all
}

// joined is the error of addresses that have all failed. The next try is due when the first of them may be tried again.
func joined(addresses []*url.URL, failed []failure) error {
	reasons := make([]string, len(addresses))
	pause, missing, soon := longestPause, false, false
	for _, f := range failed {
		reasons[f.address] = redact.URL(addresses[f.address]) + ": " + f.err.Error()
		pause = min(pause, f.pause)
		missing = missing || errors.Is(f.err, ErrNotFound)
		soon = soon || f.soon
	}
	err := error(problem(strings.Join(reasons, "; ")))
	var kind interface{ Failure() stream.Failure } // the preferred one's
	if errors.As(failed[0].err, &kind) {
		err = kind.Failure().Of(err)
	}
	switch {
	case missing:
		return notFound{err}
	case pause > 0:
		return stream.RetryAfter(err, pause)
	case soon:
		return stream.RetrySoon(err)
	}
	return err
}

// notFound is the error of a camera that does not exist where it was looked for.
type notFound struct{ error }

func (e notFound) Unwrap() error        { return e.error }
func (e notFound) Is(target error) bool { return target == ErrNotFound }
