package test

import (
	"sync"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// TestProxies looks through each server with its recipe, below a path and over TLS: every picture comes whole, in order,
// and none waits for the next.
func TestProxies(t *testing.T) {
	t.Parallel()
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			pictures := streamtest.OfSize(50_000)
			camera, take := newCameraOnDemand(t, pictures)
			address := f.serve(t, start(t, command(t, anyPort, "-stall=1m", "-heartbeat=1m", camera.URL)))
			taken := 1
			for _, look := range []func() *viewer{
				func() *viewer { return view(t, address+"/live") }, func() *viewer { return viewHTTP2(t, address+"/live") },
			} {
				v := look()
				if err := v.expect("--frame\r\n"); err != nil {
					t.Fatal(err)
				}
				for range 3 {
					if err := watchUntil(v, pictures, taken); err != nil {
						t.Fatalf("picture %d, when there was no other: %v", taken, err)
					}
					take()
					taken++
				}
			}
		})
	}
}

// TestProxiesDefaults looks through each server as it is when nobody has read the recipe.
func TestProxiesDefaults(t *testing.T) {
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			pictures := streamtest.OfSize(50_000)
			camera := newCamera(t, 40*time.Millisecond, pictures.JPEG)
			address := f.configured(t, start(t, command(t, anyPort, "-allowed-hosts=cameras.example", camera.URL)), f.plain)
			watchAll(t, []*viewer{view(t, address+"/live"), viewHTTP2(t, address+"/live")}, pictures, 50)
		})
	}
}

// TestProxiesPatience: a proxy that cuts what is silent for 3 s does not cut viewers of a camera that is slower, or dead.
func TestProxiesPatience(t *testing.T) {
	const silence = 5 * time.Second
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			pictures := streamtest.OfSize(50_000)
			slow := newCamera(t, silence+time.Second, pictures.JPEG)
			dying := newCamera(t, 100*time.Millisecond, pictures.JPEG)
			p := start(t, command(t, anyPort, "-heartbeat=1s", "-stall=30s", "slow="+slow.URL, "dying="+dying.URL))
			address := f.serve(t, p, f.impatient...)
			var watching sync.WaitGroup
			watching.Go(func() { // repeated until there is another
				if err := watchUntil(view(t, address+"/slow/live"), pictures, 2); err != nil {
					t.Errorf("slow camera: %v", err)
				}
			})
			v := view(t, address+"/dying/live")
			watchAll(t, []*viewer{v}, pictures, 3)
			dying.Stop()
			before := dying.Sent()
			time.Sleep(silence)
			dying.Start()
			if err := watchUntil(v, pictures, before+1); err != nil {
				t.Errorf("dead camera: %v", err)
			}
			watching.Wait()
		})
	}
}

// watchUntil reads, whatever is repeated, until picture n comes.
func watchUntil(v *viewer, pictures streamtest.Pictures, n int) error {
	v.within(20 * time.Second)
	for got := 0; got < n; {
		part, err := v.next()
		if err != nil {
			return err
		}
		if got, err = pictures.Check(part.jpeg); err != nil {
			return err
		}
	}
	return nil
}
