package stream

import "time"

// A rate measures what arrives, over the last ten seconds or, of a slower camera, the last two pictures.
type rate struct {
	ring [64]period // more than there can be in rateTime
	n    int        // periods so far
}

// A period holds the pictures of a fifth of a second, from its first on.
type period struct {
	first, last time.Time
	firstSize   int
	pictures    int
	size        int // bytes, of all of them
}

const (
	rateTime   = 10 * time.Second
	periodTime = 200 * time.Millisecond
)

func (r *rate) add(at time.Time, size int) {
	p := r.period(r.n - 1)
	if r.n == 0 || at.Sub(p.first) >= periodTime {
		p = r.period(r.n)
		*p = period{first: at, firstSize: size}
		r.n++
	}
	p.pictures++
	p.size += size
	p.last = at
}

func (r *rate) period(i int) *period { return &r.ring[(i+len(r.ring))%len(r.ring)] }

// read returns pictures and bytes a second. Both sink as the next picture is overdue.
func (r *rate) read(now time.Time) (fps, bytes float64) {
	newest := r.period(r.n - 1).last
	var span time.Duration
	pictures, size := -1, 0 // without the first, with which the time begins
	for i := r.n - 1; i >= 0 && i > r.n-1-len(r.ring); i-- {
		p := r.period(i)
		if old := now.Sub(p.first) > rateTime; old && pictures > 0 {
			break
		} else if old && pictures == 0 {
			span, pictures, bytes = newest.Sub(p.last), 1, float64(size)
			break
		}
		span = newest.Sub(p.first)
		pictures += p.pictures
		size += p.size
		bytes = float64(size - p.firstSize)
	}
	if pictures < 1 {
		return 0, 0
	}
	if late := now.Sub(newest); late > 2*span/time.Duration(pictures) {
		span += late
	}
	seconds := max(span, time.Microsecond).Seconds()
	return float64(pictures) / seconds, bytes / seconds
}
