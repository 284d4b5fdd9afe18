package main

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"iter"
	"slices"
)

// pointsPerNode is how often a node stands on the ring, so that the nodes' shares are about even.
const pointsPerNode = 160

// A ring is consistent hashing: a camera belongs to the first node that follows it on the ring.
type ring []point

type point struct {
	at   uint64
	node int
}

func newRing(nodes int) ring {
	r := make(ring, 0, nodes*pointsPerNode)
	for node := range nodes {
		for i := range pointsPerNode {
			r = append(r, point{hash(uint64(node)<<32 | uint64(i)), node})
		}
	}
	slices.SortFunc(r, func(a, b point) int { return cmp.Compare(a.at, b.at) })
	return r
}

// from yields the nodes that follow a camera on the ring, a node as often as it stands there.
func (r ring) from(camera int) iter.Seq[int] {
	at := hash(1<<63 | uint64(camera))
	first, _ := slices.BinarySearchFunc(r, at, func(p point, at uint64) int { return cmp.Compare(p.at, at) })
	return func(yield func(int) bool) {
		for i := range r {
			if !yield(r[(first+i)%len(r)].node) {
				return
			}
		}
	}
}

func hash(n uint64) uint64 {
	h := fnv.New64a()
	h.Write(binary.BigEndian.AppendUint64(nil, n))
	x := h.Sum64()
	// FNV spreads short inputs badly over the high bits: mix them once more.
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return x
}
