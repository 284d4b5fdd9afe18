package variant

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Variants of one camera that share a limit make equally many pictures where there is no time for all, although the first are
// always told first of a new picture.
func TestLimitIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval, work = 50 * time.Millisecond, 11300 * time.Microsecond
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		limit := NewLimit(1)
		var made [8]int
		var pictures [len(made)]chan struct{}
		var working sync.WaitGroup
		for i := range made {
			pictures[i] = make(chan struct{}, 1)
			working.Go(func() {
				place := newTurn()
				for range pictures[i] {
					if !limit.enter(ctx, place) {
						return
					}
					select {
					case <-pictures[i]: // a newer one, which is worked on instead
					default:
					}
					time.Sleep(work)
					limit.leave()
					made[i]++
				}
			})
		}
		for ctx.Err() == nil {
			for _, newest := range pictures {
				select {
				case newest <- struct{}{}:
				default:
				}
				synctest.Wait()
			}
			time.Sleep(interval)
		}
		for _, newest := range pictures {
			close(newest)
		}
		working.Wait()
		if least, most := slices.Min(made[:]), slices.Max(made[:]); most-least > 2 || least < 105 {
			t.Errorf("pictures made: %d", made)
		}
	})
}
