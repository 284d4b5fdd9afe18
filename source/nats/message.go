//go:build nats

package nats

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Names of headers. nats.go keeps them in the letters in which they are written.
const (
	headerTime     = "Time"     // of a picture, in microseconds since 1970
	headerSequence = "Sequence" // of a picture, of those of one edge
	headerArrived  = "Arrived"  // when the edge had the picture, in microseconds since 1970 by its own clock
	headerEdge     = "Edge"
	headerTerm     = "Term"
	headerVia      = "Via"    // a [mjpeg.Via]
	headerReason   = "Reason" // why there are no pictures
	headerRank     = "Rank"
	headerStatus   = "Status" // of a server's own answer
)

// The times of the protocol.
const (
	wantPause  = time.Second             // from one want to the next
	wantLife   = 3 * time.Second         // of a want
	shortLife  = 1200 * time.Millisecond // of a want that nobody has heard, while an edge may be on its way to another server
	hurryPause = 300 * time.Millisecond  // from such a want to the next
	beatPause  = 100 * time.Millisecond
	rankTime   = 350 * time.Millisecond // for which an edge of rank 1 waits, after the last beat
	silence    = 300 * time.Millisecond // after which there may be another edge
	freshTime  = time.Second            // older pictures are not shown
)

// maxReason is how long a reason may be, in bytes.
const maxReason = 500

const defaultRoot = "mjpegazer"

// subject returns one of the three subjects of a camera.
func (s Servers) subject(camera, kind string) string {
	return cmp.Or(s.Root, defaultRoot) + "." + strings.ReplaceAll(camera, ".", "%2E") + "." + kind
}

// A holder is an edge that publishes a camera, and its term.
type holder struct {
	edge string
	term uint64
}

// beats reports whether one holder publishes, where both would.
func (h holder) beats(other holder) bool {
	return h.term > other.term || h.term == other.term && h.edge < other.edge
}

func (h holder) header() nats.Header {
	return nats.Header{headerEdge: {h.edge}, headerTerm: {strconv.FormatUint(h.term, 10)}}
}

// holderOf returns the edge that has sent a message; ok is false for a message of something else.
func holderOf(m *nats.Msg) (h holder, ok bool) {
	term, err := strconv.ParseUint(m.Header.Get(headerTerm), 10, 64)
	h = holder{m.Header.Get(headerEdge), term}
	return h, err == nil && h.edge != ""
}

// micros reads a time from a header; zero where there is none.
func micros(m *nats.Msg, name string) time.Time {
	n, err := strconv.ParseInt(m.Header.Get(name), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMicro(n)
}

func inMicros(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }
