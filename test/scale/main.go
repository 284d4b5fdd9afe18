// Scale tells what a tree of programs carries: how many nodes many viewers need, and how many cameras' streams flow between the
// machines, by the way in which viewers are placed on nodes. It is arithmetic over one crowd, and serves nothing.
//
//	go run ./test/scale
//	go run ./test/scale -viewers 5000 -cameras 12 -mbits 4 -card 1000
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	m := model{seed: 1}
	flag.IntVar(&m.viewers, "viewers", 100_000, "how many watch at one time")
	flag.IntVar(&m.cameras, "cameras", 200, "how many cameras there are")
	flag.Float64Var(&m.mbits, "mbits", 12, "what one camera's stream takes, in Mbit/s")
	flag.Float64Var(&m.card, "card", 10_000, "what a node's network card carries, in Mbit/s")
	flag.Float64Var(&m.load, "load", 0.7, "the share of the card that is planned for")
	flag.Float64Var(&m.zipf, "zipf", 1, "how unevenly the cameras are watched: the exponent of Zipf's law; 0: evenly")
	flag.Parse()
	if flag.NArg() > 0 || m.viewers < 1 || m.cameras < 1 || m.mbits <= 0 || m.zipf < 0 || m.load <= 0 || m.capacity() < 1 {
		fmt.Fprintln(os.Stderr, "scale: every figure must be more than 0, and a node must carry at least one viewer")
		flag.Usage()
		os.Exit(2)
	}
	fmt.Printf("%d viewers of %d cameras, %g Mbit/s each; %d nodes that carry %d viewers each\n\n",
		m.viewers, m.cameras, m.mbits, m.nodes(), m.capacity())
	fmt.Print(table(m))
}
