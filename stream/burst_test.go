package stream_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// bursts is a camera that sends n pictures each second, so soon after each other, as over a wireless link that stalls.
func bursts(n int, pause time.Duration) stream.SourceFunc {
	return func(ctx context.Context, emit func(stream.Picture)) error {
		for i := 0; ; i += n {
			for k := range n {
				emit(stream.Picture{JPEG: streamtest.Picture(i + k)})
				if pause > 0 {
					sleep(ctx, pause)
				}
			}
			if err := sleep(ctx, time.Second); err != nil {
				return err
			}
		}
	}
}

// Viewers that keep up get all of a burst, in order, whichever way it reaches them; also one that needs a moment for each picture.
func TestBurstReachesThoseWhoKeepUp(t *testing.T) {
	const n, seconds = 25, 4
	for name, work := range map[string]time.Duration{"at once": 0, "in 2 ms each": 2 * time.Millisecond} {
		for _, way := range []string{"Next", "Deliver", "Ready"} {
			pause := time.Millisecond
			if way == "Ready" || work > 0 {
				pause = 0
			}
			t.Run(name+", "+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := open(t, bursts(n, pause), stream.Options{})
					var got []uint64
					var clear time.Time
					options := stream.ViewerOptions{}
					switch way {
					case "Deliver":
						options.Deliver = func(f *stream.Frame) bool {
							if work > 0 {
								return false
							}
							got = append(got, f.Seq)
							return true
						}
					case "Ready": // as a connection that delivers a picture in that time
						options.Ready = func(*stream.Frame) bool { return !time.Now().Before(clear) }
					}
					v := s.View(options)
					defer v.Close()
					ctx, cancel := context.WithTimeout(t.Context(), seconds*time.Second-100*time.Millisecond)
					defer cancel()
					for {
						f, err := v.Next(ctx)
						if err != nil {
							break
						}
						got = append(got, f.Seq)
						clear = time.Now().Add(work)
						if way != "Ready" {
							time.Sleep(work)
						}
					}
					// A new viewer may come in the midst of the first burst.
					for i, seq := range got {
						if seq != got[0]+uint64(i) {
							t.Fatalf("picture %d after %v", seq, got[:i])
						}
					}
					if got[0] > n || got[len(got)-1] != n*seconds {
						t.Errorf("pictures %d to %d of %d", got[0], got[len(got)-1], n*seconds)
					}
				})
			})
		}
	}
}

// A viewer that comes back long after a burst, and one that is new, get the newest picture.
func TestBurstIsSoonOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, bursts(25, time.Millisecond), stream.Options{})
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		next(t, v, time.Second)
		time.Sleep(50 * time.Millisecond)
		fresh := s.View(stream.ViewerOptions{})
		defer fresh.Close()
		if f := next(t, fresh, 0); f.Seq != 25 {
			t.Errorf("a new viewer has picture %d", f.Seq)
		}
		time.Sleep(200 * time.Millisecond)
		if f := next(t, v, 0); f.Seq != 25 {
			t.Errorf("after 250 ms a viewer has picture %d", f.Seq)
		}
	})
}

// A pause in the midst of a burst, as of a machine that does something else, does not end it for a viewer that is behind.
func TestBurstWithAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			for i := range 25 {
				emit(stream.Picture{JPEG: streamtest.Picture(i)})
				if i == 0 || i == 12 || i == 13 {
					sleep(ctx, 15*time.Millisecond)
				}
			}
			<-ctx.Done()
			return nil
		}), stream.Options{})
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		first := next(t, v, time.Second).Seq
		for seq := first + 1; seq <= 25; seq++ {
			time.Sleep(3 * time.Millisecond)
			if f := next(t, v, time.Second); f.Seq != seq {
				t.Fatalf("picture %d in place of %d, and the first was %d", f.Seq, seq, first)
			}
		}
	})
}
