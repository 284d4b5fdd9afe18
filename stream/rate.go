package stream

import "time"

// rate measures what arrives, over the last ten seconds or, of a slower camera, the last two pictures.
type rate struct {
	ring [128]arrival
	n    int // how many were ever added
}

type arrival struct {
	at   time.Time
	size int
}

const rateTime = 10 * time.Second

func (r *rate) add(at time.Time, size int) {
	r.ring[r.n%len(r.ring)] = arrival{at, size}
	r.n++
}

// read returns pictures and bytes a second. Both sink as the next picture is overdue.
func (r *rate) read(now time.Time) (fps, bytes float64) {
	if r.n < 2 {
		return 0, 0
	}
	newest := r.ring[(r.n-1)%len(r.ring)]
	oldest, pictures, size := newest, 0, 0
	for i := r.n - 2; i >= 0 && i > r.n-1-len(r.ring); i-- {
		a := r.ring[i%len(r.ring)]
		if pictures > 0 && now.Sub(a.at) > rateTime {
			break
		}
		size += r.ring[(i+1)%len(r.ring)].size
		oldest = a
		pictures++
	}
	span := newest.at.Sub(oldest.at)
	if late := now.Sub(newest.at); late > 2*span/time.Duration(pictures) {
		span += late
	}
	seconds := max(span, time.Microsecond).Seconds()
	return float64(pictures) / seconds, float64(size) / seconds
}
