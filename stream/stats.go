package stream

import "time"

// A State is what a Stream does now.
type State string

// The states of a Stream.
const (
	Idle       State = "idle"       // there are no viewers, the source does not run
	Connecting State = "connecting" // the source runs, no picture has come
	Live       State = "live"       // pictures come
	Down       State = "down"       // the source failed and is tried again
	Ended      State = "ended"      // the source has come to its end
)

// Stats are a copy of a Stream's counters, and of what it knows of its camera.
type Stats struct {
	State          State
	Error          string             // reason of the latest failure; empty before the first; the camera may be well again
	Failures       int                // consecutive; a picture sets them to 0, and so does going idle
	Failure        Failure            // what the latest was; empty before the first
	Retry          time.Duration      // until the next try, while the camera is down
	Width, Height  int                // of the latest picture, in pixels
	Frames         uint64             // pictures that viewers could have
	Received       uint64             // bytes of pictures, also of those that were dropped here
	Encoding       time.Duration      // that the source has spent on making pictures
	FPS            float64            // pictures a second, in the last 10 s
	BytesPerSecond float64            // of pictures, in the last 10 s
	Unchanged      bool               // since the latest picture the camera has answered, and had nothing new
	Stale          bool               // it is live, but has been silent for three times its last interval, and 2 s at least
	Viewers        int                // now
	Skipped        uint64             // frames that viewers did not get because they were slow
	Thinned        uint64             // frames that viewers did not get because of MaxFPS or MaxRate
	Sent           uint64             // frames that viewers say they have passed on; see [Viewer.Sent]
	SentBytes      uint64             // of them
	Damaged        uint64             // pictures that were dropped: broken, cut or too large
	DamageReason   string             // why the Stream itself dropped the latest of them; empty before the first
	LastPicture    time.Time          // when the latest picture was taken; zero before the first
	Recovered      uint64             // how often the camera was back after failures
	Failed         map[Failure]uint64 // failures so far; one that is missing is 0; the map must not be changed
	Stuck          time.Duration      // since the source was told to return and has not; 0: it is not, or it has
	Facts          map[string]string  // what the source knows of its camera; the map must not be changed
}

// A camera is stale when it has been silent for so many intervals, but not before this time is over.
const (
	staleIntervals = 3
	staleTime      = 2 * time.Second
)

// Stats returns the counters as they are now.
func (s *Stream) Stats() Stats {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Viewers = s.viewers
	stats.Skipped, stats.Thinned = s.skipped.Load(), s.thinned.Load()
	stats.Sent, stats.SentBytes = s.sent.frames.Load(), s.sent.bytes.Load()
	stats.FPS, stats.BytesPerSecond = s.rate.read(now)
	if s.current != nil && !s.current.over.IsZero() {
		stats.Stuck = now.Sub(s.current.over)
	}
	if last, live := s.Last(); live && stats.State == Live && s.current != nil {
		stats.Stale = now.Sub(s.current.heard) > max(staleIntervals*last.Interval, staleTime)
	}
	if stats.State == Down {
		stats.Retry = max(0, s.retry.at.Sub(now))
	}
	return stats
}

// Stall returns how long the Stream waits for a picture.
func (s *Stream) Stall() time.Duration { return s.options.Load().Stall }

// Past returns the newest picture that there ever was, also before the Stream was idle; nil before the first. It must not be shown as
// one of a live camera.
func (s *Stream) Past() *Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.past
}
