package test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// wallHead is the head of a record of /wall.
type wallHead struct {
	Kind, Flags byte
	Tile        uint16
	Length      uint32
	Micros      int64
}

// watchWall reads pictures of so many tiles until the connection ends.
func (v *viewer) watchWall(tiles int) (arrivals [][]arrival, bytes int) {
	arrivals = make([][]arrival, tiles)
	for {
		var head wallHead
		if err := binary.Read(v.reader, binary.BigEndian, &head); err != nil {
			return arrivals, bytes
		}
		if head.Kind == 0 {
			stamp, err := v.reader.Peek(streamtest.StampLength)
			if err != nil {
				return arrivals, bytes
			}
			n, taken, err := streamtest.ReadStamp(stamp)
			if err != nil {
				return arrivals, bytes
			}
			if _, err := v.reader.Discard(int(head.Length)); err != nil {
				return arrivals, bytes
			}
			arrivals[head.Tile] = append(arrivals[head.Tile], arrival{n, taken, time.Now()})
		} else if _, err := v.reader.Discard(int(head.Length)); err != nil {
			return arrivals, bytes
		}
		bytes += int(head.Length)
	}
}

// wallOf starts a program with so many cameras.
func wallOf(tb testing.TB, cameras, size, fps int, flags ...string) *program {
	tb.Helper()
	for i := range cameras {
		camera := newCamera(tb, time.Second/time.Duration(fps), streamtest.OfSize(size).JPEG)
		flags = append(flags, fmt.Sprintf("camera%d=%s", i+1, camera.URL))
	}
	return start(tb, command(tb, flags...))
}

// TestWallOnASlowLink is the promise to who looks at many cameras through a link that cannot carry them: all of them move
// evenly, and none shows the past.
func TestWallOnASlowLink(t *testing.T) {
	notRacing(t)
	t.Parallel()
	const tiles, size, fps = 12, 25_000, 10
	const warmUp, window = 3 * time.Second, 5 * time.Second
	l := &link{rate: 4 * mbit, delay: 5 * ms, queue: 4 * mbit / 20}
	l.lay(t)
	p := wallOf(t, tiles, size, fps, "-listen=:0")
	l.far.enter(t)
	v := viewThrough(t, l.near.url(p)+"/wall", 4096)
	begun := time.Now()
	v.within(warmUp + window)
	arrivals, _ := v.watchWall(tiles)

	var counts []int
	var p50s []time.Duration
	sum := 0
	for i, all := range arrivals {
		all = after(begun.Add(warmUp), all)
		if len(all) < 2 {
			t.Fatalf("tile %d had %d pictures in %v", i, len(all), window)
		}
		ages := agesOf(all)
		p50s = append(p50s, ages[len(ages)/2])
		counts = append(counts, len(all))
		sum += len(all) * size
	}
	use := float64(sum) / window.Seconds() / float64(l.rate)
	least, most, oldest := slices.Min(counts), slices.Max(counts), slices.Max(p50s)
	t.Logf("pictures of a tile in %v: %d to %d; age p50 of the worst tile %v; %.1f %% of the link", window, least, most, oldest.Round(ms), use*100)
	const slack = 2.5 // what a busy machine may make of it
	if float64(most) > float64(least)*1.2+1 {
		t.Errorf("the tiles are uneven: %d", counts)
	}
	if float64(oldest) > slack*float64(500*ms) {
		t.Errorf("the worst tile's pictures are %v old, 500 ms are promised", oldest)
	}
	if use < 0.85/slack {
		t.Errorf("%.0f %% of the link are used, 85 are promised", use*100)
	}
}

// BenchmarkWall compares what the program spends on walls with what it spends on as many viewers of single cameras, in turn.
func BenchmarkWall(b *testing.B) {
	for _, walls := range []int{1, 8} {
		b.Run(fmt.Sprint(walls), func(b *testing.B) {
			const tiles, size, fps = 12, 25_000, 10
			p := wallOf(b, tiles, size, fps, anyPort)
			var ratios, wall, single []float64
			for b.Loop() {
				for range 7 {
					single = append(single, costOfViewers(b, p, walls*tiles, func(i int) string { return fmt.Sprintf("/camera%d/live", i%tiles+1) }, tiles*walls*fps,
						func(v *viewer) int { return len(v.watch()) }))
					wall = append(wall, costOfViewers(b, p, walls, func(int) string { return "/wall" }, tiles*walls*fps,
						func(v *viewer) int {
							arrivals, _ := v.watchWall(tiles)
							return len(slices.Concat(arrivals...))
						}))
					ratios = append(ratios, wall[len(wall)-1]/single[len(single)-1])
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(wall), "wall-µs/frame")
			b.ReportMetric(median(single), "single-µs/frame")
			b.ReportMetric(median(ratios), "wall/single")
		})
	}
}

// costOfViewers is what the program spends on a frame that reaches a viewer, in µs; rate is how many do a second.
func costOfViewers(b *testing.B, p *program, n int, path func(i int) string, rate int, watch func(*viewer) int) float64 {
	const warmUp, window = time.Second, 3 * time.Second
	var viewers []*viewer
	var watching sync.WaitGroup
	frames := make([]int, n)
	for i := range n {
		v, err := dial(p.url+path(i), 128<<10)
		if err != nil {
			b.Fatal(err)
		}
		viewers = append(viewers, v)
		watching.Go(func() { frames[i] = watch(v) })
	}
	begun := time.Now()
	time.Sleep(warmUp)
	before := cpuTime(b, p.pid)
	time.Sleep(window)
	used, took := cpuTime(b, p.pid)-before, time.Since(begun)
	sum := 0
	for _, v := range viewers {
		v.close()
	}
	watching.Wait()
	for _, n := range frames {
		sum += n
	}
	if float64(sum) < 0.8*took.Seconds()*float64(rate) {
		b.Errorf("%d pictures came in %v, want %d a second", sum, took, rate)
	}
	return float64(used.Microseconds()) / window.Seconds() * took.Seconds() / float64(sum)
}
