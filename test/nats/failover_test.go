//go:build nats

package nats_test

import (
	"testing"
	"time"

	"mjpegazer/source/nats"
)

// check compares a pause with the figure that is promised.
func check(t *testing.T, gap, promised time.Duration) {
	t.Helper()
	t.Logf("longest gap %v", gap.Round(ms))
	if gap > 5*promised { // on a busy machine
		t.Errorf("%v are promised", promised)
	}
}

// fresh checks that nothing is older than a second.
func fresh(t *testing.T, all []arrival) {
	t.Helper()
	oldest := time.Duration(0)
	for _, a := range all {
		oldest = max(oldest, a.age)
	}
	t.Logf("%d pictures, the oldest %v old", len(all), oldest.Round(ms))
	if oldest > time.Second+500*ms {
		t.Error("pictures are old")
	}
	if len(all) == 0 || all[len(all)-1].age > time.Second {
		t.Error("there are no pictures in the end")
	}
}

// One of three servers dies, or hangs, that the edge or the node is connected to: both find another one.
func TestServerFails(t *testing.T) {
	for name, fail := range map[string]func(r *relay){"killed": (*relay).cut, "frozen": (*relay).freeze} {
		for _, whose := range []string{"edge", "node"} {
			t.Run(whose+"'s "+name, func(t *testing.T) {
				t.Parallel()
				servers := cluster(t)
				relays := map[string][]*relay{}
				reach := func(who string) nats.Servers {
					var hosts []string
					for _, s := range servers {
						r := newRelay(t, hostOf(s))
						relays[who] = append(relays[who], r)
						hosts = append(hosts, r.host())
					}
					return addressOf(hosts...)
				}
				publish(t, reach("edge"), 0, "edge")
				n := watch(t, reach("node"), "node")
				n.some(25)
				for _, r := range relays[whose] { // the one that is in use
					r.mu.Lock()
					used := len(r.conns) > 0
					r.mu.Unlock()
					if used {
						fail(r)
					}
				}
				all, gap := n.during(2500 * ms)
				check(t, gap, time.Second)
				fresh(t, all)
			})
		}
	}
}

// An edge dies, or hangs, while another one stands by. When it is back there is one more gap at most, and one publisher.
func TestEdgeFails(t *testing.T) {
	for name, fail := range map[string]func(r *relay){"killed": (*relay).cut, "frozen": (*relay).freeze} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, nil)
			r := newRelay(t, hostOf(s))
			publish(t, addressOf(r.host()), 0, "first")
			eventually(t, "the first edge is there", func() bool { return s.NumSubscriptions() >= 2 })
			publish(t, addressOf(hostOf(s)), 1, "second")
			time.Sleep(time.Second) // both listen
			n := watch(t, addressOf(hostOf(s)), "node")
			if a := n.some(25); a.edge != "first" {
				t.Fatalf("%s publishes", a.edge)
			}
			fail(r)
			all, gap := n.during(1500 * ms)
			check(t, gap, 500*ms)
			fresh(t, all)
			if last := all[len(all)-1]; last.edge != "second" {
				t.Errorf("%s publishes", last.edge)
			}
			published := spy(t, s)
			r.mend()
			r.thaw()
			all, gap = n.during(2500 * ms)
			check(t, gap, 500*ms)
			fresh(t, all)
			changes := 0
			for i, a := range all[1:] {
				if a.edge != all[i].edge {
					changes++
				}
			}
			counts(published) // what was on its way when the network hung
			later, _ := n.during(time.Second)
			if by := counts(published); changes > 1 || by["frames"] > len(later)+5 {
				t.Errorf("%d changes, and %v for %d pictures", changes, by, len(later))
			}
		})
	}
}

// A second edge with a camera of the same name and the same rank does not mix in, whichever comes first.
func TestSecondPublisher(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	publish(t, addressOf(hostOf(s)), 0, "b")
	n := watch(t, addressOf(hostOf(s)), "node")
	n.some(5)
	publish(t, addressOf(hostOf(s)), 0, "a")
	all, gap := n.during(2 * time.Second)
	check(t, gap, 300*ms)
	for _, a := range all {
		if a.edge != "b" {
			t.Fatalf("a picture is from %s", a.edge)
		}
	}
	n.viewer.Close()
	time.Sleep(3500 * ms) // nobody wants it any more; then both may begin at once
	m := watch(t, addressOf(hostOf(s)), "another")
	m.some(1)
	if all, _ = m.during(500 * ms); len(all) == 0 {
		t.Fatal("no pictures")
	}
	all, _ = m.during(time.Second)
	for _, a := range all {
		if a.edge != all[0].edge {
			t.Errorf("pictures are from %s and from %s", all[0].edge, a.edge)
		}
	}
}

// All servers are away for a while: nothing that waited is shown afterwards.
func TestOutage(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	for name, fail := range map[string]func(r *relay){"killed": (*relay).cut, "frozen": (*relay).freeze} {
		ours, theirs := newRelay(t, hostOf(s)), newRelay(t, hostOf(s))
		by := func(r *relay) nats.Servers { s := addressOf(r.host()); s.Root = name; return s }
		publish(t, by(theirs), 0, "edge")
		n := watch(t, by(ours), "node")
		n.some(10)
		fail(ours)
		fail(theirs)
		time.Sleep(2500 * ms)
		ours.mend()
		theirs.mend()
		ours.thaw()
		theirs.thaw()
		all, _ := n.during(3 * time.Second)
		fresh(t, all)
	}
}
