package source_test

import (
	"testing"

	"mjpegazer/source"
)

func TestNearest(t *testing.T) {
	known := []string{"listen", "linger", "max-viewers", "keep", "users", "cors", "source"}
	for word, want := range map[string]string{
		"lsiten": "listen", "lingr": "linger", "max_viewers": "max-viewers", "kep": "keep", "user": "users", "sorce": "source", "cors": "cors",
		"": "", "x": "", "hunter2": "", "password": "", "max-viewerss": "max-viewers", "maxviewers": "max-viewers", "kxyz": "", "lsitne": "listen", "max-vweires": "max-viewers",
	} {
		if got := source.Nearest(word, known); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}
