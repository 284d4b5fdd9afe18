package router

import "time"

// A flow decides when a connection is ready for more. A picture that is sent before the last has arrived waits behind it
// in the kernel or on the way, and arrives older by that; one sent only then leaves the link idle for a while. So it is
// sent when the rest of the last one takes no longer than a round trip, which the link holds anyway, and the time to the
// next picture, when this would be decided again.
type flow struct {
	rate      float64 // bytes a second that arrived, measured over the last window that is complete
	trip      time.Duration
	asked     time.Time
	begun     time.Time // the window that is being measured
	delivered int64     // at its begin
}

const (
	flowWindow = 500 * time.Millisecond
	// mostAhead bounds how much older a picture may become for the sake of the link's full use.
	mostAhead = 100 * time.Millisecond
	// tripGain lets the rate on long links grow: as many bytes as arrived in a round trip, and a little more.
	tripGain = 1.25
)

// ready takes what was ever delivered on the connection and what is left of the viewer's last part; trip is asked for the
// shortest round trip, and only if that matters.
func (f *flow) ready(now time.Time, delivered, left int64, trip func() time.Duration) bool {
	ahead := min(now.Sub(f.asked), mostAhead)
	f.asked = now
	if window := now.Sub(f.begun); window >= flowWindow {
		if !f.begun.IsZero() {
			f.rate = float64(delivered-f.delivered) / window.Seconds()
		}
		f.begun, f.delivered = now, delivered
	}
	if left <= 0 || float64(left) <= f.rate*ahead.Seconds() {
		return true
	}
	// The kernel forgets a minimum after some minutes. Then the shortest may have our own bytes in it, which must not make
	// room for more of them.
	if t := trip(); f.trip == 0 || t < f.trip {
		f.trip = t
	}
	return float64(left) <= f.rate*(ahead.Seconds()+tripGain*f.trip.Seconds())
}
