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

// A Histogram counts durations. The zero value is empty. All methods may be called at the same time; but it is meant to be one
// of many that are added up, as processors that share one wait for each other.
type Histogram struct {
	counts [len(bounds) + 1]atomic.Uint64
	sum    atomic.Int64 // nanoseconds
}

// Observe counts a duration.
func (h *Histogram) Observe(d time.Duration) {
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(int64(d))
}

// Add adds what another has counted.
func (h *Histogram) Add(other *Histogram) {
	for i := range h.counts {
		if n := other.counts[i].Load(); n > 0 {
			h.counts[i].Add(n)
		}
	}
	h.sum.Add(other.sum.Load())
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
