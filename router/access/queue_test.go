package access

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// checkTime is what a password takes: bcrypt's of cost 10 on a small computer.
const checkTime = 60 * time.Millisecond

// login is an attempt of a user from an address.
func login(user, client, password string, right bool) attempt {
	return attempt{sum: sha256.Sum256([]byte(user + password)), user: user, client: client, right: func() bool {
		time.Sleep(checkTime)
		return right
	}}
}

// TestCrowd: while 1,000 addresses try two wrong passwords a second each, of which 16 can be checked, a right password waits for 2 s
// at most; also beside 250, whatever their addresses and names.
func TestCrowd(t *testing.T) {
	const most = 2 * time.Second
	networks := func(n int) string { return fmt.Sprintf("10.%d.%d.7", n/250, n%250) }
	for name, c := range map[string]struct {
		address func(n int) string
		user    func(n int) string
		friend  string // the address of the right one, with its number
	}{
		"many networks, all names":  {networks, func(n int) string { return fmt.Sprint("user", n) }, "192.0.%d.1"},
		"many networks, one name":   {networks, func(int) string { return "ann" }, "192.0.%d.1"},
		"one network":               {func(n int) string { return fmt.Sprintf("2001:db8::%x", n) }, func(int) string { return "ann" }, "2001:db8:%x::1"},
		"the friend's own network":  {func(n int) string { return fmt.Sprintf("10.0.0.%d", n%200) }, func(int) string { return "ann" }, "10.0.0.2%02d"},
		"one address, all names":    {func(int) string { return "10.0.0.1" }, func(n int) string { return fmt.Sprint("user", n) }, "10.0.0.2%02d"},
		"addresses that are no IPs": {func(n int) string { return fmt.Sprint("vsock ", n) }, func(int) string { return "ann" }, "vsock friend %d"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var q queue
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				attackers := 250
				if name == "many networks, one name" {
					attackers = 1000
				}
				for n := range attackers {
					go func() {
						time.Sleep(time.Duration(n) * 500 * time.Millisecond / time.Duration(attackers))
						for try := 0; ctx.Err() == nil; try++ {
							go func() { // each waits for 5 s, or is told that there are too many
								ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
								defer cancel()
								q.check(ctx, login(c.user(n), c.address(n), fmt.Sprint("wrong", n, try), false))
							}()
							time.Sleep(500 * time.Millisecond)
						}
					}()
				}
				for i := 1; i <= 5; i++ {
					begun := time.Now()
					right, err := q.check(t.Context(), login("ann", fmt.Sprintf(c.friend, i), fmt.Sprint("right", i), true))
					if took := time.Since(begun); !right || err != nil || took > most {
						t.Errorf("friend %d: %v, %v after %v", i, right, err, took)
					}
					time.Sleep(time.Second)
				}
				cancel()
				time.Sleep(10 * time.Second) // until the attackers, and what is left of the queue, have ended
			})
		})
	}
}

// Who has tried in vain is not shut out by those who come for the first time.
func TestNobodyStarves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q queue
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for i := range 5 {
			q.check(ctx, login("ann", "192.0.2.1", fmt.Sprint("mistyped", i), false))
		}
		go func() {
			for n := 0; ctx.Err() == nil; n++ { // twice as many as can be checked
				go q.check(ctx, login("ann", fmt.Sprintf("10.%d.%d.1", n/250, n%250), fmt.Sprint(n), false))
				time.Sleep(checkTime / 2)
			}
		}()
		time.Sleep(time.Second)
		begun := time.Now()
		right, err := q.check(ctx, login("ann", "192.0.2.1", "right", true))
		if took := time.Since(begun); !right || err != nil || took > time.Minute {
			t.Errorf("%v, %v after %v", right, err, took)
		}
		cancel()
		time.Sleep(10 * time.Second)
	})
}

func TestNetworks(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.77": "192.0.2.0/24", "::ffff:192.0.2.77": "192.0.2.0/24", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
		"unix": "unix", "": "",
	} {
		if got := networkOf(address); got != want {
			t.Errorf("%s is in %s, not %s", address, got, want)
		}
	}
}
