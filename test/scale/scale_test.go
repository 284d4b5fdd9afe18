package main

import (
	"strings"
	"testing"
)

// large is the crowd of README's table.
var large = model{viewers: 100_000, cameras: 200, mbits: 12, card: 10_000, load: 0.7, zipf: 1, seed: 1}

func placed(m model, place placement) *plan {
	p := newPlan(m.nodes())
	for _, camera := range m.arrivals() {
		p.add(camera, place)
	}
	return p
}

func TestEveryViewerHasANode(t *testing.T) {
	for name, place := range map[string]placement{
		"random": atRandom(1), "by camera": byCamera, "bounded": bounded(1.25), "until full": untilFull(large.capacity()),
	} {
		t.Run(name, func(t *testing.T) {
			p := placed(large, place)
			p.kill(p.hottest(), place)
			watching := make([]int, large.cameras)
			for node, cameras := range p.on {
				sum := 0
				for camera, n := range cameras {
					watching[camera] += n
					sum += n
				}
				if sum != p.count[node] {
					t.Fatalf("node %d counts %d viewers and has %d", node, p.count[node], sum)
				}
			}
			for camera, want := range large.demand() {
				if watching[camera] != want {
					t.Fatalf("camera %d has %d viewers of %d", camera, watching[camera], want)
				}
			}
		})
	}
}

func TestDemandIsZipf(t *testing.T) {
	demand, sum := large.demand(), 0
	for _, n := range demand {
		sum += n
	}
	if sum != large.viewers {
		t.Errorf("%d viewers of %d", sum, large.viewers)
	}
	if ratio := float64(demand[0]) / float64(demand[9]); ratio < 9.9 || ratio > 10.1 {
		t.Errorf("the first camera has %.1f times the viewers of the tenth", ratio)
	}
}

// TestPlacementByCamera holds what the recommendation rests on: placed by camera, the machines exchange a small part of the
// streams that blind placement costs, and a bound keeps every node's card from being overrun.
func TestPlacementByCamera(t *testing.T) {
	blind, hashed, full := placed(large, atRandom(1)), placed(large, byCamera), placed(large, untilFull(large.capacity()))
	if hashed.streams() != large.cameras {
		t.Errorf("placed by camera: %d streams for %d cameras", hashed.streams(), large.cameras)
	}
	if full.streams()*10 > blind.streams() {
		t.Errorf("%d streams by camera, %d blindly", full.streams(), blind.streams())
	}
	if n := full.count[full.hottest()]; n > large.capacity() {
		t.Errorf("a node has %d viewers and carries %d", n, large.capacity())
	}
	p := placed(large, bounded(1.25))
	if n, average := p.count[p.hottest()], large.viewers/large.nodes(); float64(n) > 1.26*float64(average) {
		t.Errorf("bounded to 1.25 times the average of %d, a node has %d", average, n)
	}
}

// TestAFewMove checks that consistent hashing leaves the cameras of the other nodes where they are when one dies.
func TestAFewMove(t *testing.T) {
	p := placed(large, byCamera)
	before := map[int]int{}
	for node, cameras := range p.on {
		for camera := range cameras {
			before[camera] = node
		}
	}
	dead := p.hottest()
	p.kill(dead, byCamera)
	for node, cameras := range p.on {
		for camera := range cameras {
			if before[camera] != dead && before[camera] != node {
				t.Fatalf("camera %d moved from node %d to %d, and node %d died", camera, before[camera], node, dead)
			}
		}
	}
}

func TestTableIsTheSameEachTime(t *testing.T) {
	small := large
	small.viewers, small.cameras = 5000, 12
	if first, second := table(small), table(small); first != second || strings.Count(first, "\n") != 7 {
		t.Errorf("first\n%s\nthen\n%s", first, second)
	}
}
