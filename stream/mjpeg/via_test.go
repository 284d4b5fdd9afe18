package mjpeg_test

import (
	"fmt"
	"strings"
	"testing"

	"mjpegazer/stream/mjpeg"
)

func ExampleVia() {
	request := mjpeg.ParseVia([]string{"me, origin", "edge"})
	fmt.Println(request.Meets(mjpeg.Via{"edge"}), request.Meets(mjpeg.Via{"other"}))
	fmt.Println(mjpeg.Via{"other"}.Then(request))
	// Output:
	// true false
	// other, me, origin, edge
}

// FuzzParseVia: whatever a header holds, what is read of it is small, and the same when it is written and read again.
func FuzzParseVia(f *testing.F) {
	f.Add("a, b,,c ,\t")
	f.Add(strings.Repeat("x,", 100) + strings.Repeat("y", 100))
	f.Fuzz(func(t *testing.T, text string) {
		via := mjpeg.ParseVia([]string{text})
		if len(via) > 64 || len(via.String()) > 64*66 {
			t.Errorf("%d instances", len(via))
		}
		if again := mjpeg.ParseVia([]string{via.String()}); again.String() != via.String() {
			t.Errorf("%q, then %q", via, again)
		}
	})
}
