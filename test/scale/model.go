package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

// A model is a crowd of viewers in front of nodes that each read a camera at most once.
type model struct {
	viewers int
	cameras int
	mbits   float64 // of one camera's stream, per second
	card    float64 // a node's network card, in Mbit/s
	load    float64 // the share of the card that is planned for
	zipf    float64 // the exponent of the cameras' popularity
	seed    uint64
}

// capacity is how many viewers a node may have.
func (m model) capacity() int { return int(m.card * m.load / m.mbits) }

// nodes is how many nodes the viewers need if they are spread evenly, and two more: one can die, and its viewers find room.
func (m model) nodes() int { return (m.viewers+m.capacity()-1)/m.capacity() + 2 }

// demand is how many viewers each camera has, the most popular first: Zipf's law, rounded so that all viewers have a camera.
func (m model) demand() []int {
	var sum float64
	for c := range m.cameras {
		sum += math.Pow(float64(c+1), -m.zipf)
	}
	demand := make([]int, m.cameras)
	rest := m.viewers
	for c := range demand {
		demand[c] = int(float64(m.viewers) * math.Pow(float64(c+1), -m.zipf) / sum)
		rest -= demand[c]
	}
	for c := 0; rest > 0; c, rest = c+1, rest-1 {
		demand[c%m.cameras]++
	}
	return demand
}

// arrivals is every viewer's camera, in the order in which the viewers come.
func (m model) arrivals() []int {
	var all []int
	for camera, n := range m.demand() {
		all = append(all, slices.Repeat([]int{camera}, n)...)
	}
	random := rand.New(rand.NewPCG(m.seed, 1))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// A placement chooses a node for a viewer of a camera, from the nodes that are alive.
type placement func(camera int, p *plan) int

// A plan is who watches what where.
type plan struct {
	on    []map[int]int // by node, how many viewers of each camera; nil: the node is dead
	count []int         // viewers by node
	alive int
	total int
	ring  ring
}

func newPlan(nodes int) *plan {
	p := &plan{on: make([]map[int]int, nodes), count: make([]int, nodes), alive: nodes, ring: newRing(nodes)}
	for i := range p.on {
		p.on[i] = map[int]int{}
	}
	return p
}

func (p *plan) add(camera int, place placement) {
	node := place(camera, p)
	p.on[node][camera]++
	p.count[node]++
	p.total++
}

// kill takes a node away. Its viewers come again, one after the other.
func (p *plan) kill(node int, place placement) {
	gone := p.on[node]
	p.on[node], p.total, p.count[node] = nil, p.total-p.count[node], 0
	p.alive--
	cameras := make([]int, 0, len(gone))
	for camera := range gone {
		cameras = append(cameras, camera)
	}
	slices.Sort(cameras)
	for _, camera := range cameras {
		for range gone[camera] {
			p.add(camera, place)
		}
	}
}

// streams is how many cameras' streams flow to the nodes.
func (p *plan) streams() (n int) {
	for _, cameras := range p.on {
		n += len(cameras)
	}
	return n
}

// hottest is the node with the most viewers.
func (p *plan) hottest() int {
	return slices.Index(p.count, slices.Max(p.count))
}

// atRandom is a balancer that knows nothing of cameras.
func atRandom(seed uint64) placement {
	random := rand.New(rand.NewPCG(seed, 2))
	return func(_ int, p *plan) int {
		for {
			if node := random.IntN(len(p.on)); p.on[node] != nil {
				return node
			}
		}
	}
}

// byCamera is consistent hashing of the camera's path: all viewers of a camera are on one node.
func byCamera(camera int, p *plan) int {
	for node := range p.ring.from(camera) {
		if p.on[node] != nil {
			return node
		}
	}
	panic("scale: no node is alive")
}

// bounded is consistent hashing with bounded loads: a node that has factor times the average sends a viewer on to the next node of
// the ring. HAProxy calls it hash-balance-factor.
func bounded(factor float64) placement {
	return func(camera int, p *plan) int {
		return p.below(int(math.Ceil(factor*float64(p.total+1)/float64(p.alive))), camera)
	}
}

// untilFull is consistent hashing onto nodes that have a highest number of viewers: HAProxy's maxconn of a server.
func untilFull(most int) placement {
	return func(camera int, p *plan) int { return p.below(most, camera) }
}

// below finds the first node on the ring with fewer viewers than most.
func (p *plan) below(most, camera int) int {
	for node := range p.ring.from(camera) {
		if p.on[node] != nil && p.count[node] < most {
			return node
		}
	}
	panic("scale: no node has room")
}
