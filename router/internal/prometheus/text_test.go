package prometheus_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"mjpegazer/router/internal/prometheus"
)

// The text is what the format (0.0.4) says, whatever the labels hold.
func TestText(t *testing.T) {
	var text prometheus.Text
	text.Family("f", prometheus.Gauge, "Help.")
	text.Sample(1.5, "a", "b")
	text.Sample(12345678901, "a", "\"\\\n", "c", "ü")
	text.Sample(math.NaN(), "a", "no number")
	text.Sample(math.Inf(1))
	text.Value("g_total", prometheus.Counter, "More.", 0)
	want := "# HELP f Help.\n# TYPE f gauge\nf{a=\"b\"} 1.5\nf{a=\"\\\"\\\\\\n\",c=\"ü\"} 12345678901\nf +Inf\n" +
		"# HELP g_total More.\n# TYPE g_total counter\ng_total 0\n"
	if got := string(text.Bytes()); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// A histogram counts every duration in one bucket and all above it, also what others have counted.
func TestHistogram(t *testing.T) {
	var one, other prometheus.Durations
	var sum prometheus.Histogram
	for _, d := range []time.Duration{0, 250 * time.Microsecond, 251 * time.Microsecond, time.Second, time.Minute} {
		one.Observe(d)
	}
	other.Observe(30 * time.Millisecond)
	sum.Take(&one)
	sum.Take(&other)
	sum.Take(&one) // which is empty now
	var text prometheus.Text
	text.Histogram("h_seconds", "Help.", &sum)
	got := string(text.Bytes())
	for _, line := range []string{
		"# TYPE h_seconds histogram", `h_seconds_bucket{le="0.00025"} 2`, `h_seconds_bucket{le="0.0005"} 3`, `h_seconds_bucket{le="0.025"} 3`,
		`h_seconds_bucket{le="0.05"} 4`, `h_seconds_bucket{le="1"} 5`, `h_seconds_bucket{le="+Inf"} 6`, "h_seconds_sum 61.030501", "h_seconds_count 6",
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no %s in\n%s", line, got)
		}
	}
}
