package config_test

import (
	"testing"

	"mjpegazer/router/server/internal/config"
)

// TestSame: a camera whose offline option is another is the same camera.
func TestSame(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"http://a/", "http://a/#offline=card", true},
		{"http://a/#offline=card", "http://a/#offline=file:x.jpg", true},
		{"http://a/#stall=5s&offline=card", "http://a/#stall=5s", true},
		{"http://a/#offline=card&stall=5s&insecure", "http://a/#stall=5s&offline=last&insecure", true},
		{"http://a/#stall=5s", "http://a/#stall=6s&offline=card", false},
		{"http://a/?offline=card", "http://a/", false},
		{"http://a/", "http://b/#offline=card", false},
	} {
		if same := (config.Camera{Source: c.a}).Same(config.Camera{Source: c.b}); same != c.same {
			t.Errorf("%s and %s: %t", c.a, c.b, same)
		}
	}
}
