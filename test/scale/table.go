package main

import (
	"fmt"
	"strings"
)

// table compares the placements, as Markdown.
func table(m model) string {
	var b strings.Builder
	b.WriteString("| placement | streams between machines | hottest node | the same after one node died | streams then |\n|---|---|---|---|---|\n")
	for _, way := range []struct {
		name  string
		place placement
	}{
		{"blind (random, or by the fewest connections)", atRandom(m.seed)},
		{"by camera", byCamera},
		{"by camera, a node at most 1.1 × the average", bounded(1.1)},
		{"by camera, a node at most 1.25 × the average", bounded(1.25)},
		{"by camera, a node until it is full", untilFull(m.capacity())},
	} {
		p := newPlan(m.nodes())
		for _, camera := range m.arrivals() {
			p.add(camera, way.place)
		}
		streams, hottest := p.streams(), p.load(m)
		p.kill(p.hottest(), way.place)
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %d |\n", way.name, streams, hottest, p.load(m), p.streams())
	}
	return b.String()
}

// load tells what the hottest node has to carry.
func (p *plan) load(m model) string {
	n := p.count[p.hottest()]
	return fmt.Sprintf("%d viewers, %.0f %% of its card", n, 100*float64(n)*m.mbits/m.card)
}
