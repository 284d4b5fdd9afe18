package test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

const (
	burstPictures = 25
	burstViewers  = 100
	mostBursts    = 4                      // on a machine on which some viewer falls behind in each
	burstTime     = 100 * time.Millisecond // for which a picture waits for a viewer
)

// A burstyCamera sends a second's pictures at once, as over a wireless link that stalls.
type burstyCamera struct {
	url      string
	pictures streamtest.Pictures
	taken    [(mostBursts + 30) * burstPictures]atomic.Int64 // in nanoseconds since 1970, of each picture
}

func newBurstyCamera(t *testing.T) *burstyCamera {
	t.Helper()
	c := &burstyCamera{pictures: streamtest.OfSize(3_000)}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *burstyCamera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=b")
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for n := 1; n < len(c.taken); {
		var burst []byte
		for range burstPictures {
			now := time.Now()
			c.taken[n%len(c.taken)].Store(now.UnixNano())
			picture := c.pictures.JPEG(n, now)
			burst = append(fmt.Appendf(burst, "--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n", len(picture)), picture...)
			burst = append(burst, "\r\n"...)
			n++
		}
		w.Write(burst) // an error means that the program has left, which ends the request
		http.NewResponseController(w).Flush()
		select {
		case <-second.C:
		case <-r.Context().Done():
			return
		}
	}
}

// TestBurst shows pictures that come in bursts to a hundred viewers. Those who keep up get every one, in order: whoever misses one
// had not read those before it until it was a tenth of a second old.
func TestBurst(t *testing.T) {
	file := certificate(t, t.TempDir())
	for name, flags := range map[string][]string{"HTTP": nil, "HTTPS": {"-tls-cert", file, "-tls-key", file}} {
		t.Run(name, func(t *testing.T) {
			camera := newBurstyCamera(t)
			p := start(t, command(t, append(flags, anyPort, camera.url)...))
			viewers := make([]*viewer, burstViewers)
			for i := range viewers {
				viewers[i] = view(t, p.url+"/live")
			}
			var watching sync.WaitGroup
			var whole atomic.Int64 // bursts, of all viewers
			for i, v := range viewers {
				watching.Go(func() {
					n, err := camera.watch(v)
					if err != nil {
						t.Errorf("viewer %d: %v", i+1, err)
					}
					whole.Add(int64(n))
				})
			}
			watching.Wait()
			t.Logf("%d of %d bursts reached their viewer whole", whole.Load(), burstViewers*(mostBursts-1))
			if whole.Load() == 0 {
				t.Error("nobody got a whole burst")
			}
		})
	}
}

// watch reads some bursts, in which nothing may be missing that was not too old, and returns how many came whole.
func (c *burstyCamera) watch(v *viewer) (whole int, err error) {
	if err := v.expect("--frame\r\n"); err != nil {
		return 0, err
	}
	first, last, got := 0, 0, 0
	for first == 0 || last < first+(mostBursts-1)*burstPictures {
		part, err := v.next()
		if err != nil {
			return whole, err
		}
		now := time.Now()
		n, err := c.pictures.Check(part.jpeg)
		if err != nil || n < last || n == last && !part.repeated() {
			return whole, fmt.Errorf("picture %d after %d: %w", n, last, err)
		}
		if last == 0 {
			first = n
		} else if n > last+1 {
			if age := now.Sub(time.Unix(0, c.taken[last+1].Load())); age < burstTime {
				return whole, fmt.Errorf("picture %d did not come between %d and %d, though it was %v old", last+1, last, n, age)
			}
			got = 0
		}
		if n != last {
			got++
		}
		if n != last && n%burstPictures == 0 {
			if got >= burstPictures {
				whole++
			}
			got = 0
		}
		last = n
	}
	return whole, nil
}
