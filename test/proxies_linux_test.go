package test

import (
	"bufio"
	"slices"
	"testing"
	"time"
)

// TestProxiesSlow has a viewer behind each server who takes 250 KB a second of 1.25 MB: what they see is not
// old.
func TestProxiesSlow(t *testing.T) {
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			camera := newCamera(t, 40*time.Millisecond, picturesOf(50_000).take)
			address := f.serve(t, start(t, command(t, anyPort, camera.url())))
			v := view(t, address+"/live")
			v.reader = bufio.NewReaderSize(&slowReader{Reader: v.reader, rate: 250_000}, 4096)
			if err := v.expect("--frame\r\n"); err != nil {
				t.Fatal(err)
			}
			var ages []time.Duration
			for begun := time.Now(); time.Since(begun) < 8*time.Second; {
				_, taken, err := v.skim()
				if err != nil {
					t.Fatal(err)
				}
				ages = append(ages, time.Since(taken))
			}
			slices.Sort(ages)
			t.Logf("age of pictures p50 %v, highest %v", ages[len(ages)/2], ages[len(ages)-1])
			if old := ages[len(ages)-1]; f.smallBuffers && old > 5*time.Second { // large ones make it 6.6 s in this time
				t.Error("that is old: 3 s are promised")
			}
		})
	}
}
