package stream

import "time"

const (
	// burstTime is how old the pictures may be that a viewer still gets in order: a wireless camera sends a second's at once. What is
	// older is worth less than what is new.
	burstTime = 100 * time.Millisecond
	// retryTime is when a viewer that was not ready in the midst of a burst is asked again: no picture may follow that asks it.
	retryTime = 2 * time.Millisecond
	// denseTime is how soon most pictures follow each other in a burst, and only there.
	denseTime = 10 * time.Millisecond

	maxBurstFrames = 64      // pictures
	maxBurstBytes  = 2 << 20 // of those before the newest
)

// with returns what came in the last burstTime, to and with f, in a slice of its own: others read the old one.
func (l *latest) with(f *Frame) []*Frame {
	from, bytes := len(l.burst), 0
	for from > 0 && len(l.burst)-from < maxBurstFrames {
		before := l.burst[from-1]
		if bytes += len(before.JPEG()); bytes > maxBurstBytes || f.Arrived.Sub(before.Arrived) > burstTime {
			break
		}
		from--
	}
	burst := make([]*Frame, 0, len(l.burst)-from+1)
	return append(append(burst, l.burst[from:]...), f)
}

// dense reports whether some of the latest pictures came in a burst. It may have pauses: the machine does other things, too.
func (l *latest) dense() bool {
	for i := 1; i < len(l.burst); i++ {
		if l.burst[i].Arrived.Sub(l.burst[i-1].Arrived) < denseTime {
			return true
		}
	}
	return false
}

// after returns what a viewer is to have, in order, that has had all up to last: of a burst what came in the last burstTime, else the
// newest alone, as a new viewer does.
func (l *latest) after(last uint64) []*Frame {
	newest := l.fresh()
	if newest == nil || newest.Seq <= last {
		return nil
	}
	n := len(l.burst)
	if last == 0 || !l.dense() {
		return l.burst[n-1:]
	}
	first := max(0, n-int(min(newest.Seq-last, maxBurstFrames+1)))
	for limit := time.Now().Add(-burstTime); first < n-1 && l.burst[first].Arrived.Before(limit); {
		first++
	}
	return l.burst[first:]
}

// again is a channel that is ready when a viewer should be asked once more for what it was not ready for; nil where the next picture
// does.
func (v *Viewer) again(now *latest) <-chan time.Time {
	if v.refused == 0 || now.fresh() == nil || !now.dense() || len(now.after(v.last)) == 0 {
		return nil
	}
	if time.Since(now.burst[len(now.burst)-1].Arrived) > burstTime {
		return nil
	}
	return time.After(retryTime)
}
