package stream

import (
	"runtime"
	"runtime/metrics"
)

// largePicture is the size, in bytes, from which dead pictures are not left to the collector's own schedule: it waits until as much
// again is used as is alive, which of a picture of 30 MB is eight of them.
const largePicture = 4 << 20

// collect has the memory of dead pictures freed before a picture of so many bytes is copied, if about as much was allocated since
// it was freed last. It takes less than a thousandth of the time in which such a picture comes.
func collect(size int) {
	if size < largePicture {
		return
	}
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples)
	used, live := samples[0].Value.Uint64(), samples[1].Value.Uint64()
	if used >= live+max(uint64(size), live/4) {
		runtime.GC()
	}
}
