package stream_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// Rates are those of the last ten seconds, or of a slower camera's last two pictures, however fast the camera was before.
func TestRates(t *testing.T) {
	type phase struct {
		fps  float64
		time time.Duration
	}
	for _, test := range []struct {
		phases []phase
		want   float64
	}{
		{[]phase{{25, 20 * time.Second}}, 25},
		{[]phase{{60, 20 * time.Second}, {10, 5 * time.Second}}, 35},
		{[]phase{{200, 20 * time.Second}, {50, 8 * time.Second}}, 80},
		{[]phase{{10, 20 * time.Second}, {1000, 5 * time.Second}}, 505},
		{[]phase{{1, 30 * time.Second}}, 1},
		{[]phase{{0.02, 200 * time.Second}}, 0.02},
		{[]phase{{30, 20 * time.Second}, {0.05, 21 * time.Second}}, 0.05},
	} {
		t.Run(fmt.Sprint(test.phases), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				jpeg := streamtest.OfSize(2000).JPEG(1, time.Now())
				s := open(t, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
					for _, p := range test.phases {
						for range int(p.fps * p.time.Seconds()) {
							time.Sleep(time.Duration(float64(time.Second) / p.fps))
							emit(stream.Picture{JPEG: jpeg})
						}
					}
					<-ctx.Done()
					return ctx.Err()
				}), stream.Options{Keep: true, Stall: time.Hour})
				for _, p := range test.phases {
					time.Sleep(time.Duration(float64(int(p.fps*p.time.Seconds())) * float64(time.Second) / p.fps))
				}
				synctest.Wait()
				stats := s.Stats()
				if math.Abs(stats.FPS/test.want-1) > 0.05 || math.Abs(stats.BytesPerSecond/test.want/2000-1) > 0.05 {
					t.Errorf("%.3g pictures and %.4g bytes a second, want %g and %g", stats.FPS, stats.BytesPerSecond, test.want, 2000*test.want)
				}
			})
		})
	}
}

// A camera that has fallen silent is stale long before it is down; one that answers that there is nothing new is not.
func TestStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan stream.Picture)
		s := stream.New(stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			for {
				select {
				case p := <-answers:
					emit(p)
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}), stream.Options{Keep: true, Stall: time.Minute})
		defer s.Close()
		stale := func(after time.Duration, want bool) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if stats := s.Stats(); stats.Stale != want || stats.State != stream.Live {
				t.Errorf("%v: stale is %t", stats.State, stats.Stale)
			}
		}
		answers <- stream.Picture{JPEG: streamtest.Picture(1)}
		time.Sleep(100 * time.Millisecond)
		answers <- stream.Picture{JPEG: streamtest.Picture(2)}
		stale(2*time.Second, false)
		stale(time.Millisecond, true)
		answers <- stream.Picture{}
		stale(2*time.Second, false)
		answers <- stream.Picture{JPEG: streamtest.Picture(3)} // one in 4.001 s
		stale(12*time.Second, false)
		stale(time.Second, true)
	})
}
