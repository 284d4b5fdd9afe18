package test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"mjpegazer/stream/streamtest"
)

// BenchmarkViewers measures the built program and the floor in turn, so that whatever else the machine does strikes both,
// and reports medians.
func BenchmarkViewers(b *testing.B) {
	for _, l := range []load{
		{viewers: 100, size: 50_000, fps: 30}, {viewers: 1000, size: 8_000, fps: 15}, {viewers: 30, size: 500_000, fps: 15},
		{viewers: 100, size: 50_000, fps: 30, by: "TLS"}, {viewers: 50, size: 50_000, fps: 20, by: "HTTP2"},
	} {
		b.Run(l.String(), func(b *testing.B) {
			camera := newCamera(b, l.interval(), streamtest.OfSize(l.size).JPEG)
			for b.Loop() {
				benchmarkLoad(b, l, camera)
			}
		})
	}
}

func benchmarkLoad(b *testing.B, l load, camera camera) {
	const rounds = 5
	var ratios []float64
	var ours, floors []cost
	var file string
	args := []string{anyPort, camera.URL}
	if l.by != "" {
		file = certificate(b, b.TempDir())
		args = append([]string{"-tls-cert", file, "-tls-key", file, fmt.Sprintf("-http2=%t", l.by == "HTTP2")}, args...)
	}
	under := l // HTTP/2 is held against the floor of plain HTTP
	if l.by == "HTTP2" {
		under.by, file = "", ""
	}
	for range rounds {
		program := start(b, command(b, args...))
		ours = append(ours, l.measure(b, program))
		program.stop(b)
		floor := start(b, floorCommand(b, under, file))
		floors = append(floors, under.measure(b, floor))
		<-floor.exited
		ratios = append(ratios, ours[len(ours)-1].cpu/floors[len(floors)-1].cpu)
	}
	report := func(unit string, costs []cost, of func(cost) float64) {
		var values []float64
		for _, c := range costs {
			values = append(values, of(c))
		}
		b.ReportMetric(median(values), unit)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(ratios), "×floor")
	report("cpu-µs/frame", ours, func(c cost) float64 { return c.cpu })
	report("floor-µs/frame", floors, func(c cost) float64 { return c.cpu })
	report("KB-RSS/viewer", ours, func(c cost) float64 { return c.memory })
	report("ms-age-p50", ours, func(c cost) float64 { return c.p50 })
	report("ms-age-p99", ours, func(c cost) float64 { return c.p99 })
	report("floor-ms-p99", floors, func(c cost) float64 { return c.p99 })
	report("%missed", ours, func(c cost) float64 { return c.missed })
	report("%floor-missed", floors, func(c cost) float64 { return c.missed })
}

// A cost is what a server took to serve a load.
type cost struct {
	cpu      float64 // µs for each frame delivered
	memory   float64 // KB resident for each viewer, beyond what the idle server has
	p50, p99 float64 // ms of age on arrival
	missed   float64 // % of the pictures that came between the first and the last
}

// measure lets the viewers watch for a while, and looks at a window in it.
func (l load) measure(tb testing.TB, p *program) cost {
	const warmUp, window = time.Second, 2500 * time.Millisecond
	idle := resident(tb, p.pid)
	audience := l.gather(tb, p.url+"/live")
	defer audience.leave()
	time.Sleep(warmUp)
	from, before := time.Now(), cpuTime(tb, p.pid)
	time.Sleep(window)
	to, after := time.Now(), cpuTime(tb, p.pid)
	memory := resident(tb, p.pid) - idle
	audience.leave()
	c := audience.judge(tb, from, to)
	c.cpu = float64((after - before).Nanoseconds()) / 1e3 / c.cpu
	c.memory = memory / float64(l.viewers)
	return c
}

// An arrival is a picture that has come whole.
type arrival struct {
	number    int
	taken, at time.Time
}

// An audience is the viewers of one measurement.
type audience struct {
	viewers  []*viewer
	arrivals []*[]arrival // of each viewer
	watching sync.WaitGroup
}

func (l load) gather(tb testing.TB, address string) *audience {
	tb.Helper()
	a := &audience{}
	for range l.viewers {
		if l.by == "HTTP2" {
			a.seat(viewHTTP2(tb, address), (*viewer).watch)
		} else {
			a.admit(tb, address, l.size, (*viewer).watch)
		}
	}
	return a
}

// admit adds a viewer of pictures of so many bytes.
func (a *audience) admit(tb testing.TB, address string, size int, watch func(*viewer) []arrival) {
	tb.Helper()
	v, err := dial(address, min(size+1024, 128<<10))
	if err != nil {
		a.leave()
		tb.Fatalf("viewer %d: %v", len(a.viewers)+1, err)
	}
	a.seat(v, watch)
}

func (a *audience) seat(v *viewer, watch func(*viewer) []arrival) {
	arrivals := new([]arrival)
	a.viewers, a.arrivals = append(a.viewers, v), append(a.arrivals, arrivals)
	a.watching.Go(func() { *arrivals = watch(v) })
}

func (a *audience) leave() {
	for _, v := range a.viewers {
		v.close()
	}
	a.watching.Wait()
}

// watch reads pictures until the connection ends.
func (v *viewer) watch() []arrival {
	arrivals := make([]arrival, 0, 256)
	if v.expect("--frame\r\n") != nil {
		return nil
	}
	for {
		n, taken, err := v.skim()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrDeadlineExceeded) {
				fmt.Fprintln(os.Stderr, "a viewer lost its stream:", err)
			}
			return arrivals
		}
		arrivals = append(arrivals, arrival{n, taken, time.Now()})
	}
}

// between is what came in a window of time.
func between(all []arrival, from, to time.Time) []arrival {
	return slices.DeleteFunc(slices.Clone(all), func(x arrival) bool { return x.at.Before(from) || x.at.After(to) })
}

// judge sums up what came in a window of time; cpu is the number of frames.
func (a *audience) judge(tb testing.TB, from, to time.Time) cost {
	var ages []float64
	var came, missed int
	for i, all := range a.arrivals {
		all := between(*all, from, to)
		if len(all) == 0 {
			tb.Errorf("viewer %d got no picture within %v", i+1, to.Sub(from))
			continue
		}
		came += len(all)
		missed += all[len(all)-1].number - all[0].number + 1 - len(all)
		for _, x := range all {
			ages = append(ages, float64(x.at.Sub(x.taken).Microseconds())/1e3)
		}
	}
	if came == 0 {
		tb.Fatal("no pictures came")
	}
	slices.Sort(ages)
	return cost{
		cpu:    float64(came),
		p50:    ages[len(ages)/2],
		p99:    ages[len(ages)*99/100],
		missed: 100 * float64(missed) / float64(came+missed),
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// cpuTime is what a process has used of the processors, to the nanosecond; /proc counts in hundredths of a second.
func cpuTime(tb testing.TB, pid int) time.Duration {
	tb.Helper()
	var used syscall.Timespec
	clock := uintptr(^pid)<<3 | 2 // as clock_getcpuclockid(3) makes it
	_, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&used)), 0)
	if errno != 0 {
		tb.Fatalf("processor time of %d: %v", pid, errno)
	}
	return time.Duration(used.Nano())
}

// resident is how much memory a process has resident, in KB.
func resident(tb testing.TB, pid int) float64 {
	tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		tb.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		tb.Fatalf("process %d has no memory left", pid)
	}
	kilobytes, err := strconv.Atoi(fields[0])
	if err != nil {
		tb.Fatal(err)
	}
	return float64(kilobytes)
}
