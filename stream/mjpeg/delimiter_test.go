package mjpeg

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkHoldsDelimiter is what each picture of a camera costs, once, whatever the number of viewers.
func BenchmarkHoldsDelimiter(b *testing.B) {
	jpeg := make([]byte, 50_000)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range jpeg {
		jpeg[i] = byte(rnd.Uint32())
	}
	for b.Loop() {
		if holdsDelimiter(jpeg) {
			b.Fatal("it holds none")
		}
	}
}
