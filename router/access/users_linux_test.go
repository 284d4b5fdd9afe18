package access_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"mjpegazer/router/access"
)

// Where a password takes more than a second to check, the time must not tell which names there are.
func TestUnknownNamesTakeAsLong(t *testing.T) {
	const cost = 7
	users := openUsers(t, htpasswd(t, "ann", "secret", cost), htpasswd(t, "bob", "secret", cost+1))
	synctest.Test(t, func(t *testing.T) {
		h := guarded(&access.Control{Users: users})
		took := func(name func(n int) string) time.Duration {
			begun := processorTime(t)
			for n := range 20 {
				w := answer(t, h, "GET", "/", try{set: basic(name(n), fmt.Sprint("wrong ", n))})
				if w.Code != 401 {
					t.Fatalf("%s: %d", name(n), w.Code)
				}
			}
			return processorTime(t) - begun
		}
		cheap := took(func(int) string { return "ann" })
		unknown := took(func(n int) string { return fmt.Sprint("nobody ", n) })
		dear := took(func(int) string { return "bob" })
		if unknown < cheap/2 || unknown > dear*2 {
			t.Errorf("20 wrong passwords of known users took %v and %v, of unknown ones %v", cheap, dear, unknown)
		}
	})
}

// processorTime is what this process has used. Unlike the time it goes on in a bubble.
func processorTime(t *testing.T) time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &now); err != nil {
		t.Fatal(err)
	}
	return time.Duration(now.Nano())
}
