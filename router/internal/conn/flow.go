package conn

import "time"

// A Flow decides when a connection is ready for more. A picture that is sent before the last one has arrived waits behind it,
// in the kernel or on the way, and is that much older when it arrives. One that is sent only then leaves the link idle for a
// while. So a picture is sent when the rest of the last one takes no longer than a round trip, which the link holds anyway,
// and the time to the next picture, when this would be decided again.
type Flow struct {
	// Measured in the last window that is complete:
	rate     float64       // bytes a second that arrived
	interval time.Duration // between two pictures
	full     bool          // the link could carry no more
	clear    bool          // at every look everything had arrived

	// Of the window that is being measured:
	begun     time.Time
	delivered int64 // until then
	asked     int
	waited    bool // something had not arrived
	refused   bool

	looked time.Time     // at the connection
	blind  int           // bytes that were sent since
	trip   time.Duration // the shortest of all
}

const (
	flowWindow = 500 * time.Millisecond
	// maxAhead bounds how much older a picture may become for the sake of the link's full use.
	maxAhead = 100 * time.Millisecond
	// spare is how much more than its rate a link is expected to carry that was not seen to be full.
	spare = 2
	// tripGain lets the rate on long links grow: as many bytes as arrived in a round trip, and a little more.
	tripGain = 1.25
	// maxBlind is how many bytes are sent within maxAhead without a look at a connection that was always clear, or what it is
	// expected to carry in that time if that is more. A look is a system call.
	maxBlind = 32 << 10
)

// Trusts reports whether a picture of size bytes can be sent without a look at the connection: for a while, to a viewer for
// whom everything has always arrived at once.
func (f *Flow) Trusts(now time.Time, size int) bool {
	if f.clear && f.blind+size <= max(maxBlind, int(f.rate*spare*maxAhead.Seconds())) && now.Sub(f.looked) < maxAhead {
		f.asked++
		f.blind += size
		return true
	}
	f.looked, f.blind = now, size
	return false
}

// Ready reports whether a picture can be sent. Delivered is how many bytes ever arrived on the connection, left how many of the
// viewer's last part have not. Trip, which is called only if that matters, returns the shortest round trip.
func (f *Flow) Ready(now time.Time, delivered, left int64, trip func() time.Duration) bool {
	f.measure(now, delivered)
	ahead := min(f.interval*3/2, maxAhead).Seconds() // the next picture may be late
	if !f.full {
		ahead *= spare
	}
	if left <= 0 {
		return true
	}
	f.clear, f.waited = false, true
	if float64(left) <= f.rate*ahead {
		return true
	}
	// The kernel forgets its minimum after some minutes. The next one may include the wait behind our own bytes, which must not
	// make room for more of them.
	if t := trip(); f.trip == 0 || t < f.trip {
		f.trip = t
	}
	if float64(left) <= f.rate*(ahead+tripGain*f.trip.Seconds()) {
		return true
	}
	f.refused = true
	return false
}

func (f *Flow) measure(now time.Time, delivered int64) {
	f.asked++
	window := now.Sub(f.begun)
	if window < flowWindow {
		return
	}
	if !f.begun.IsZero() {
		f.rate = float64(delivered-f.delivered) / window.Seconds()
		f.interval = window / time.Duration(f.asked)
		f.full, f.clear = f.refused, !f.waited
	}
	f.begun, f.delivered, f.asked, f.waited, f.refused = now, delivered, 0, false, false
}
