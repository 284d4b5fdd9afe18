package test

import (
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// TestCable cuts a viewer's cable: nothing says so, neither while pictures flow nor while there are none.
func TestCable(t *testing.T) {
	for _, test := range []struct {
		name     string
		interval time.Duration // of the camera
		promised time.Duration
	}{
		{"streaming", 100 * time.Millisecond, 11 * time.Second},
		{"idle", time.Hour, 20 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := &link{rate: 100 * mbit, queue: 1 << 20}
			l.lay(t)
			camera := newCamera(t, test.interval, streamtest.OfSize(20_000).JPEG)
			p := start(t, command(t, "-listen=:0", "-heartbeat=0", "-stall=2m", camera.URL))
			l.far.enter(t)
			v := view(t, l.near.url(p)+"/live")
			if err := v.expect("--frame\r\n"); err != nil {
				t.Fatal(err)
			}
			if _, err := v.next(); err != nil {
				t.Fatal(err)
			}
			l.near.enter(t)
			awaitViewers(t, p, 1, 10*time.Second)
			l.cut.Store(true)
			took := awaitViewers(t, p, 0, 2*test.promised)
			t.Logf("a cable that was cut while %s was noticed after %v", test.name, took.Round(10*time.Millisecond))
			if took > test.promised*3/2 {
				t.Errorf("%v are promised", test.promised)
			}
		})
	}
}
