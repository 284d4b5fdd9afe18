package stream

import "time"

// SetSource gives the Stream another camera. Its viewers stay, as when a camera fails, and go on with the first picture of the new
// one, which is run at once if there are viewers, or options.Keep. The old one is told to return. What it emits is ignored from
// now on, and the new one waits for it, but for 2 s at most.
func (s *Stream) SetSource(source Source, options Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.source = source
	s.options.Store(options.whole())
	if s.closed {
		return
	}
	s.turned = turned{}
	s.stats.Failures, s.stats.Failure, s.stats.Error, s.stats.DamageReason, s.stats.Facts = 0, "", "", "", nil
	s.retry = retry{hurried: s.retry.hurried}
	switch {
	case s.idle():
		if s.stats.State == Ended {
			s.change(Idle, nil)
			s.publish(nil, nil)
		}
	case !s.stopping:
		s.supersede()
	}
	s.wake()
}

// SetOptions changes the options of a Stream while it goes on. A smaller MaxFrame holds from the next picture on, another
// Stall from the latest.
func (s *Stream) SetOptions(options Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Store(options.whole())
	if s.closed {
		return
	}
	if r := s.current; r != nil && r.over.IsZero() {
		r.stall.Reset(s.options.Load().stall())
	}
	if s.stats.State != Ended {
		s.wake()
	}
}

// wake starts the source if it is wanted, and lets it linger if it no longer is.
func (s *Stream) wake() {
	if s.idle() && (s.viewers > 0 || s.options.Load().Keep) {
		s.start()
	}
	s.linger()
}

// supersede ends the work, whatever it does, and starts that of the new source.
func (s *Stream) supersede() {
	if r := s.current; r != nil && r.over.IsZero() {
		r.over = time.Now()
		s.rate = rate{}
	}
	s.publish(nil, nil)
	s.cancel()
	s.current = nil
	s.startAfter(s.working)
}
