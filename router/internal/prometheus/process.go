package prometheus

import (
	"math"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"
)

// usage is what the process uses, as far as the system says it. What is not known is NaN.
type usage struct {
	cpu               float64 // seconds
	resident, virtual float64 // bytes
	files, maxFiles   float64 // descriptors
}

// Process adds what all programs say of their process, under the names that all use.
func (t *Text) Process(started time.Time) {
	u := usage{math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN()}
	u.read()
	for _, f := range []struct {
		name  string
		kind  Kind
		help  string
		value float64
	}{
		{"process_cpu_seconds_total", Counter, "User and system time of the process.", u.cpu},
		{"process_resident_memory_bytes", Gauge, "Memory of the process that is in RAM.", u.resident},
		{"process_virtual_memory_bytes", Gauge, "Address space of the process.", u.virtual},
		{"process_open_fds", Gauge, "Open file descriptors.", u.files},
		{"process_max_fds", Gauge, "Limit of open file descriptors.", u.maxFiles},
		{"process_start_time_seconds", Gauge, "When the program was started, in seconds since 1970.", Seconds(started)},
	} {
		if !math.IsNaN(f.value) {
			t.Value(f.name, f.kind, f.help, f.value)
		}
	}
}

// Seconds is a time in seconds since 1970, NaN where there is none.
func Seconds(at time.Time) float64 {
	if at.IsZero() {
		return math.NaN()
	}
	return float64(at.UnixMilli()) / 1000
}

// Go adds what all Go programs say of their runtime, under the names that all use.
func (t *Text) Go() {
	t.Family("go_info", Gauge, "Version of Go that the program was built with.")
	t.Sample(1, "version", runtime.Version())
	threads, _ := runtime.ThreadCreateProfile(nil)
	t.Value("go_goroutines", Gauge, "Goroutines.", float64(runtime.NumGoroutine()))
	t.Value("go_threads", Gauge, "Threads of the system that were created.", float64(threads))

	gc := debug.GCStats{PauseQuantiles: make([]time.Duration, 5)}
	debug.ReadGCStats(&gc)
	t.Family("go_gc_duration_seconds", summary, "Pauses of the latest garbage collections.")
	for i, pause := range gc.PauseQuantiles {
		t.Sample(pause.Seconds(), "quantile", strconv.FormatFloat(float64(i)/4, 'f', -1, 64))
	}
	t.sample("_sum", gc.PauseTotal.Seconds())
	t.sample("_count", float64(gc.NumGC))

	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for _, f := range []struct {
		name  string
		kind  Kind
		help  string
		value uint64
	}{
		{"go_memstats_alloc_bytes", Gauge, "Bytes of objects in use, and of those not collected yet.", m.Alloc},
		{"go_memstats_alloc_bytes_total", Counter, "Bytes of all objects that were allocated.", m.TotalAlloc},
		{"go_memstats_mallocs_total", Counter, "Objects that were allocated.", m.Mallocs},
		{"go_memstats_frees_total", Counter, "Objects that were freed.", m.Frees},
		{"go_memstats_sys_bytes", Gauge, "Memory from the system.", m.Sys},
		{"go_memstats_heap_alloc_bytes", Gauge, "Bytes of objects on the heap.", m.HeapAlloc},
		{"go_memstats_heap_sys_bytes", Gauge, "Memory from the system for the heap.", m.HeapSys},
		{"go_memstats_heap_idle_bytes", Gauge, "Memory of the heap without objects.", m.HeapIdle},
		{"go_memstats_heap_inuse_bytes", Gauge, "Memory of the heap with objects.", m.HeapInuse},
		{"go_memstats_heap_released_bytes", Gauge, "Memory of the heap that the system has back.", m.HeapReleased},
		{"go_memstats_heap_objects", Gauge, "Objects on the heap.", m.HeapObjects},
		{"go_memstats_stack_inuse_bytes", Gauge, "Memory of stacks in use.", m.StackInuse},
		{"go_memstats_stack_sys_bytes", Gauge, "Memory from the system for stacks.", m.StackSys},
		{"go_memstats_gc_sys_bytes", Gauge, "Memory of the garbage collector.", m.GCSys},
		{"go_memstats_other_sys_bytes", Gauge, "Memory of the rest of the runtime.", m.OtherSys},
		{"go_memstats_next_gc_bytes", Gauge, "Size of the heap at which the next collection begins.", m.NextGC},
	} {
		t.Value(f.name, f.kind, f.help, float64(f.value))
	}
	if m.LastGC > 0 {
		t.Value("go_memstats_last_gc_time_seconds", Gauge, "When the last collection ended, in seconds since 1970.", float64(m.LastGC)/1e9)
	}
}
