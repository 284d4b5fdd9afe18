package prometheus

import (
	"strconv"
	"sync/atomic"
	"time"
)

// bounds are the upper ends of a histogram's buckets.
var bounds = [...]time.Duration{
	250 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond,
	25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second,
}

// Durations are what one goroutine has counted of a [Histogram]: processors that share one wait for each other.
type Durations struct {
	counts [len(bounds) + 1]uint32
	sum    time.Duration
}

// Observe counts a duration.
func (o *Durations) Observe(d time.Duration) {
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	o.counts[i]++
	o.sum += d
}

// A Histogram counts durations. The zero value is empty. It may be used by any goroutine.
type Histogram struct {
	counts [len(bounds) + 1]atomic.Uint64
	sum    atomic.Int64 // nanoseconds
}

// Take adds what was counted elsewhere, and empties that.
func (h *Histogram) Take(from *Durations) {
	for i, n := range from.counts {
		if n > 0 {
			h.counts[i].Add(uint64(n))
		}
	}
	h.sum.Add(int64(from.sum))
	*from = Durations{}
}

// Histogram is a family of one histogram, in seconds.
func (t *Text) Histogram(name, help string, h *Histogram) {
	t.Family(name, histogram, help)
	var total uint64
	for i, bound := range bounds {
		total += h.counts[i].Load()
		t.sample("_bucket", float64(total), "le", strconv.FormatFloat(bound.Seconds(), 'f', -1, 64))
	}
	total += h.counts[len(bounds)].Load()
	t.sample("_bucket", float64(total), "le", "+Inf")
	t.sample("_sum", time.Duration(h.sum.Load()).Seconds())
	t.sample("_count", float64(total))
}
