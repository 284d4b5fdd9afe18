package test

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

const treeIdle = time.Second // idle= of all programs that read others

// A tree is what the README shows: two edges of one camera, two origins, and nodes.
type tree struct {
	camera         camera
	edges, origins [2]*program
	node           *program
}

func heartbeats(t *testing.T, args ...string) *program {
	t.Helper()
	return start(t, command(t, append([]string{anyPort, "-heartbeat=300ms"}, args...)...))
}

// grow starts a tree whose edges have the same pictures: those of a program with the camera.
func grow(t *testing.T, interval time.Duration, pictures streamtest.Pictures) *tree {
	t.Helper()
	g := &tree{camera: newCamera(t, interval, pictures.JPEG)}
	root := heartbeats(t, "-keep", "door="+g.camera.URL)
	for i := range g.edges {
		g.edges[i] = heartbeats(t, "door="+root.url+"/door/live")
	}
	for i := range g.origins {
		g.origins[i] = heartbeats(t, fmt.Sprintf("*=%s/*/live#also=%s/*/live&idle=%v", g.edges[0].url, g.edges[1].url, treeIdle))
	}
	g.node = heartbeats(t, fmt.Sprintf("*=%s/*/live#also=%s/*/live&idle=%v", g.origins[0].url, g.origins[1].url, treeIdle))
	return g
}

// TestTreeLosesAProgram kills and freezes an edge and an origin while somebody watches: the second one is read at once.
func TestTreeLosesAProgram(t *testing.T) {
	for name, test := range map[string]struct {
		lose   func(g *tree) *program
		signal syscall.Signal
		gap    time.Duration
		lost   int
	}{
		"edge killed":   {func(g *tree) *program { return g.edges[0] }, syscall.SIGKILL, 300 * ms, 2},
		"origin killed": {func(g *tree) *program { return g.origins[0] }, syscall.SIGKILL, 300 * ms, 2},
		"edge frozen":   {func(g *tree) *program { return g.edges[0] }, syscall.SIGSTOP, treeIdle + 300*ms, 0},
		"origin frozen": {func(g *tree) *program { return g.origins[0] }, syscall.SIGSTOP, treeIdle + 300*ms, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const interval = 40 * ms
			pictures := streamtest.OfSize(20_000)
			g := grow(t, interval, pictures)
			v := view(t, g.node.url+"/door/live")
			if err := v.expect("--frame\r\n"); err != nil {
				t.Fatal(err)
			}
			victim := test.lose(g)
			t.Cleanup(func() { victim.cmd.Process.Kill() })
			var last, missed int
			var before time.Time
			var gap time.Duration
			v.within(20 * time.Second)
			for begun, lost := time.Now(), false; time.Since(begun) < 4*time.Second; {
				part, err := v.next()
				if err != nil {
					t.Fatalf("the viewer was cut off: %v", err)
				}
				n, err := pictures.Check(part.jpeg) // none is torn
				if err != nil {
					t.Fatal(err)
				}
				now := time.Now()
				if !lost && time.Since(begun) > time.Second {
					lost, last, gap = true, n, 0
					victim.cmd.Process.Signal(test.signal)
				}
				if part.repeated() || n == last {
					continue
				}
				if lost {
					gap, missed = max(gap, now.Sub(before)), missed+max(0, n-last-1)
				}
				last, before = n, now
			}
			t.Logf("longest gap %v, %d pictures lost", gap.Round(ms), missed)
			if gap > 5*test.gap || test.lost > 0 && missed > test.lost+int(4*test.gap/interval) { // on a busy machine
				t.Errorf("%v and %d pictures are promised", test.gap, test.lost)
			}
			if last == 0 || time.Since(before) > time.Second {
				t.Error("there are no pictures any more")
			}
		})
	}
}

// TestTreeHops: a picture's time is the one that the first program gave it, to the microsecond, three hops later, and it is hardly
// older there.
func TestTreeHops(t *testing.T) {
	notRacing(t)
	t.Parallel()
	g := grow(t, 40*ms, streamtest.OfSize(50_000))
	if r, body := ask(t, http.MethodGet, g.node.url+"/nothing/live"); r.StatusCode != http.StatusNotFound {
		t.Errorf("%s: %s", r.Status, body)
	}
	eventually(t, 20*time.Second, "the edge's camera on the node's page", func() bool { _, names := cameraStates(t, g.node); return names == "door" })
	stamps := func(p *program) map[int]string {
		all := map[int]string{}
		v := view(t, p.url+"/door/live")
		v.within(10 * time.Second)
		if err := v.expect("--frame\r\n"); err != nil {
			t.Error(err)
		}
		for len(all) < 50 {
			part, err := v.next()
			if err != nil {
				t.Error(err)
				break
			}
			if n, err := streamtest.OfSize(50_000).Check(part.jpeg); err == nil {
				_, stamp, _ := strings.Cut(part.header, "X-Timestamp: ")
				all[n], _, _ = strings.Cut(stamp, "\r\n")
			}
		}
		return all
	}
	first := make(chan map[int]string)
	go func() { first <- stamps(g.edges[0]) }()
	last, same := stamps(g.node), 0
	for n, stamp := range <-first {
		if last[n] == stamp {
			same++
		} else if last[n] != "" {
			t.Errorf("picture %d is of %s at the edge, and of %s at the node", n, stamp, last[n])
		}
	}
	if same < 20 {
		t.Errorf("%d pictures of the same time", same)
	}
	v := view(t, g.node.url+"/door/live")
	v.within(4 * time.Second)
	ages := agesOf(v.watch())
	if len(ages) < 20 {
		t.Fatalf("%d pictures", len(ages))
	}
	p50 := ages[len(ages)/2]
	t.Logf("age p50 behind 4 programs: %v", p50)
	if p50 > 5*4*1500*time.Microsecond {
		t.Error("1.5 ms a hop are promised")
	}
}

// TestTreeNarrowLink has an edge whose link carries 20 Mbit/s, and three cameras that want 36: pictures are left out, none is old, and
// no connection is lost.
func TestTreeNarrowLink(t *testing.T) {
	notRacing(t)
	t.Parallel()
	l := &link{rate: 20 * mbit, delay: 5 * ms, queue: 20 * mbit / 20}
	l.lay(t)
	args := []string{"-listen=:0", "-heartbeat=300ms"}
	for i := range 3 {
		camera := newCamera(t, time.Second/30, streamtest.OfSize(50_000).JPEG)
		args = append(args, fmt.Sprintf("c%d=%s", i, camera.URL))
	}
	edge := start(t, command(t, args...))
	l.far.enter(t)
	node := heartbeats(t, fmt.Sprintf("*=%s/*/live#idle=%v", l.near.url(edge), treeIdle))
	views := make([]*viewer, 3)
	for i := range views {
		views[i] = view(t, fmt.Sprintf("%s/c%d/live", node.url, i))
	}
	const warmUp, window = 2 * time.Second, 6 * time.Second
	begun := time.Now()
	results := make(chan []arrival)
	for _, v := range views {
		v.within(warmUp + window)
		go func() { results <- v.watch() }()
	}
	for range views {
		ages := agesOf(after(begun.Add(warmUp), <-results))
		if len(ages) < 20 {
			t.Fatalf("%d pictures", len(ages))
		}
		p50 := ages[len(ages)/2]
		t.Logf("%d pictures, age p50 %v, highest %v", len(ages), p50.Round(ms), ages[len(ages)-1].Round(ms))
		if p50 > 5*120*ms {
			t.Error("120 ms are promised")
		}
	}
	if said := node.said.String(); strings.Contains(said, "camera down") {
		t.Error("a connection was lost")
	}
}
