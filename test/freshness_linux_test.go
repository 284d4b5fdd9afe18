package test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// A journey is a camera's pictures on the way over a link, and what is to reach.
type journey struct {
	name      string
	link      *link
	size, fps int
	reader    int           // bytes a second that the viewer reads; 0: as fast as they come
	http2     bool          // over TLS
	p50, p99  time.Duration // of age on arrival, at most; 0: whatever
	use       float64       // of the link's rate, at least
	share     float64       // of all pictures, at least
}

const (
	mbit = 1_000_000 / 8
	ms   = time.Millisecond
)

func journeys() []journey {
	return []journey{
		{name: "4 Mbit/s", link: &link{rate: 4 * mbit, delay: 5 * ms, queue: 4 * mbit / 20},
			size: 50_000, fps: 25, p50: 300 * ms, use: 0.9},
		{name: "4 Mbit/s, HTTP/2", link: &link{rate: 4 * mbit, delay: 5 * ms, queue: 4 * mbit / 20},
			http2: true, size: 50_000, fps: 25, p50: 300 * ms, use: 0.9},
		{name: "0.5 Mbit/s, large queue", link: &link{rate: mbit / 2, delay: 10 * ms, queue: 256 << 10},
			size: 20_000, fps: 10, p50: 600 * ms, use: 0.85},
		{name: "100 Mbit/s, 100 ms", link: &link{rate: 100 * mbit, delay: 50 * ms, queue: 100 * mbit / 10},
			size: 50_000, fps: 30, share: 0.95},
		{name: "20 Mbit/s, 1 % loss", link: &link{rate: 20 * mbit, delay: 15 * ms, queue: 20 * mbit / 10, loss: 0.01},
			size: 50_000, fps: 15, p99: time.Second},
		{name: "slow reader", link: &link{rate: 200 * mbit, queue: 200 * mbit / 10},
			size: 50_000, fps: 25, reader: 250_000, p50: 600 * ms},
	}
}

// TestFreshness measures how old pictures are when they arrive. MJPEGAZER_TEST_SECONDS makes it longer than is needed to
// see that it works at all.
func TestFreshness(t *testing.T) {
	notRacing(t)
	warmUp, window := 2*time.Second, 3*time.Second
	if text := os.Getenv("MJPEGAZER_TEST_SECONDS"); text != "" {
		seconds := 0
		fmt.Sscan(text, &seconds)
		warmUp, window = 5*time.Second, time.Duration(seconds)*time.Second
	}
	for _, j := range journeys() {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			j.link.lay(t)
			camera := newCamera(t, time.Second/time.Duration(j.fps), streamtest.OfSize(j.size).JPEG)
			var flags []string
			if j.http2 {
				file := certificate(t, t.TempDir())
				flags = []string{"-tls-cert", file, "-tls-key", file, "-http2"}
			}
			p := start(t, command(t, append(flags, "-listen=:0", camera.URL)...))
			j.link.far.enter(t)
			address := j.link.near.url(p) + "/live"
			var v *viewer
			if j.http2 {
				v = viewHTTP2(t, address)
			} else {
				v = viewThrough(t, address, 4096)
			}
			if j.reader > 0 {
				v.reader = bufio.NewReaderSize(&slowReader{Reader: v.reader, rate: j.reader}, 4096)
			}
			begun := time.Now()
			v.within(warmUp + window)
			j.judge(t, after(begun.Add(warmUp), v.watch()), window)
		})
	}
}

// after is what came from a time on.
func after(from time.Time, all []arrival) []arrival {
	return slices.DeleteFunc(all, func(a arrival) bool { return a.at.Before(from) })
}

// agesOf is how old the pictures were when they came, the youngest first.
func agesOf(all []arrival) []time.Duration {
	ages := make([]time.Duration, len(all))
	for i, a := range all {
		ages[i] = a.at.Sub(a.taken)
	}
	slices.Sort(ages)
	return ages
}

// A slowReader reads evenly so many bytes a second.
type slowReader struct {
	io.Reader
	rate int
	due  time.Time
}

func (r *slowReader) Read(p []byte) (int, error) {
	time.Sleep(time.Until(r.due))
	n, err := r.Reader.Read(p[:min(len(p), 4096)])
	if now := time.Now(); r.due.Before(now.Add(-50 * ms)) { // it had nothing to read, and does not catch up
		r.due = now
	}
	r.due = r.due.Add(time.Duration(n) * time.Second / time.Duration(r.rate))
	return n, err
}

func (j journey) judge(t *testing.T, all []arrival, window time.Duration) {
	if len(all) < 2 {
		t.Fatalf("%d pictures came in %v", len(all), window)
	}
	ages := agesOf(all)
	first, last := all[0], all[len(all)-1]
	rate := float64((len(all)-1)*j.size) / last.at.Sub(first.at).Seconds()
	p50, p99, share := ages[len(ages)/2], ages[len(ages)*99/100], float64(len(all)-1)/float64(last.number-first.number)
	use := rate / float64(j.link.rate)
	t.Logf("%-24s age p50 %v p99 %v, %.1f %% of the link, %.1f %% of the pictures, %.1f fps", j.name,
		p50.Round(ms), p99.Round(ms), use*100, share*100, rate/float64(j.size))
	const slack = 2.5 // what a busy machine may make of it; without ConnContext the large queue makes 1.8 s and more of it
	if j.p50 > 0 && float64(p50) > slack*float64(j.p50) || j.p99 > 0 && float64(p99) > slack*float64(j.p99) {
		t.Errorf("that is old: p50 %v and p99 %v are promised (0: nothing)", j.p50, j.p99)
	}
	if use < j.use/slack || share < j.share/slack {
		t.Errorf("that is little: %.0f %% of the link and %.0f %% of the pictures are promised", j.use*100, j.share*100)
	}
}
