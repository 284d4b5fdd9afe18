package access

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"mjpegazer/stream/contain"
)

var (
	errTooMany   = errors.New("too many logins at the same time")
	errUnchecked = errors.New("the password could not be checked; the log says more")
)

// queueSize is how many logins wait at most. Those whose callers have all left do not count.
const queueSize = 1024

const oldestTurn = 8 // each eighth check is an oldest attempt's

// An attempt is a password to be checked, which takes long.
type attempt struct {
	sum          sum // the same attempts have the same
	user, client string
	right        func() bool

	address, network *tries

	callers int
	done    chan struct{} // closed when result or err is set
	result  bool
	err     error
}

func (a *attempt) finish(result bool, err error) {
	a.result, a.err = result, err
	close(a.done)
}

// A queue checks one attempt after the other, so that wrong passwords cost one processor at most. Those go first that have tried
// least: a network, and of a network an address, that floods others, or is one of many that do, comes after somebody who tries for
// the first time. Of those that have tried as often turns are given to users and clients at random. Many attempts of one attacker thus
// delay one another above all: a right password of somebody else waits for a few checks. Which names exist makes no difference.
type queue struct {
	log *slog.Logger // nil: none

	mu      sync.Mutex
	waiting []*attempt // the oldest first
	current *attempt   // is being checked; nil: no goroutine works
	picked  int        // attempts so far
	tries   map[string]*tries
}

// tries are those of an address, or of a network, since somebody was let in there.
type tries struct {
	n    int
	last time.Time
}

const (
	triesTime = 5 * time.Minute // for which they are remembered after the last
	triesMost = 16384           // addresses and networks; about 2 MB
)

// networkOf is the network that an address most likely is in: what one client can have all addresses of. Other texts are returned
// as they are.
func networkOf(client string) string {
	address, err := netip.ParseAddr(client)
	if err != nil {
		return client
	}
	bits := 64
	if address = address.Unmap().WithZone(""); address.Is4() {
		bits = 24
	}
	prefix, _ := address.Prefix(bits) // there are so many
	return prefix.String()
}

// count counts a try, and returns all of a client or network, with mu held.
func (q *queue) count(from string, now time.Time) *tries {
	if len(q.tries) >= triesMost {
		maps.DeleteFunc(q.tries, func(_ string, t *tries) bool { return now.Sub(t.last) > triesTime })
		if len(q.tries) >= triesMost {
			clear(q.tries)
		}
	}
	t := q.tries[from]
	if t == nil || now.Sub(t.last) > triesTime {
		if q.tries == nil {
			q.tries = map[string]*tries{}
		}
		t = new(tries)
		q.tries[from] = t
	}
	t.n++
	t.last = now
	return t
}

// check waits for an attempt's result. The same attempt, made again meanwhile, waits for the same check.
func (q *queue) check(ctx context.Context, made attempt) (bool, error) {
	a := q.enter(&made)
	select {
	case <-a.done:
		return a.result, a.err
	case <-ctx.Done():
		q.leave(a)
		return false, ctx.Err()
	}
}

// enter returns the attempt whose result counts: a, or one like it that came before.
func (q *queue) enter(a *attempt) *attempt {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.current != nil && q.current.sum == a.sum {
		return q.current
	}
	if i := slices.IndexFunc(q.waiting, func(w *attempt) bool { return w.sum == a.sum }); i >= 0 {
		q.waiting[i].callers++
		return q.waiting[i]
	}
	if len(q.waiting) >= queueSize {
		line := mostOf(first(q.waiting, func(a, b *attempt) int { return compareTries(b, a) }), user)
		q.remove(line[0])
		line[0].finish(false, errTooMany)
	}
	now := time.Now()
	a.address, a.network = q.count(a.client, now), q.count("network "+networkOf(a.client), now)
	a.callers, a.done = 1, make(chan struct{})
	q.waiting = append(q.waiting, a)
	if q.current == nil {
		q.current = q.pick()
		go q.work()
	}
	return a
}

// leave takes a caller away, and the attempt with the last. One that is being checked goes on, and the next try finds its
// result.
func (q *queue) leave(a *attempt) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if a.callers--; a.callers == 0 {
		q.remove(a)
	}
}

func (q *queue) remove(a *attempt) {
	q.waiting = slices.DeleteFunc(q.waiting, func(w *attempt) bool { return w == a })
}

// work checks until none is left.
func (q *queue) work() {
	for {
		right, err := false, errUnchecked
		contain.Do(q.log, "checking a password panicked", func() {
			right = q.current.right() // nobody else changes current
			err = nil
		})
		q.mu.Lock()
		if right {
			q.current.address.n, q.current.network.n = 0, 0
		}
		q.current.finish(right, err)
		q.current = q.pick()
		ended := q.current == nil
		q.mu.Unlock()
		if ended {
			return
		}
	}
}

// pick takes one of the waiting attempts, nil if there is none: of those that have tried least. Half of the time that is the newest of
// them, which does not wait for a crowd that came before it. Else turns go to clients and then to the names that each gives, or to
// names and then to the clients that give each: an attacker with many addresses, or with many names, has half of them at most. Of
// those that are left it is the newest, or the caller may have lost patience. But now and then it is the oldest of all, however
// often it has tried.
func (q *queue) pick() *attempt {
	if len(q.waiting) == 0 {
		return nil
	}
	picked := q.waiting[0]
	if q.picked++; q.picked%oldestTurn != 0 {
		line := first(q.waiting, compareTries)
		switch {
		case q.picked%2 == 0: // the newest, which comes after a crowd that waits
		case rand.IntN(2) == 0:
			line = anyOf(anyOf(line, client), user)
		default:
			line = anyOf(anyOf(line, user), client)
		}
		picked = line[len(line)-1]
	}
	q.remove(picked)
	return picked
}

// compareTries compares how often the networks of two attempts have tried, and then the addresses.
func compareTries(a, b *attempt) int {
	return cmp.Or(cmp.Compare(a.network.n, b.network.n), cmp.Compare(a.address.n, b.address.n))
}

// first returns the attempts that come first in an order, one or more that are equal in it.
func first(line []*attempt, compare func(a, b *attempt) int) (all []*attempt) {
	least := slices.MinFunc(line, compare)
	for _, a := range line {
		if compare(a, least) == 0 {
			all = append(all, a)
		}
	}
	return all
}

func client(a *attempt) string { return a.client }
func user(a *attempt) string   { return a.user }

// groups sorts attempts by a key. The order of the groups, and of the attempts in each, is that of the line.
func groups(line []*attempt, key func(*attempt) string) [][]*attempt {
	var all [][]*attempt
	index := map[string]int{}
	for _, a := range line {
		i, ok := index[key(a)]
		if !ok {
			i = len(all)
			index[key(a)] = i
			all = append(all, nil)
		}
		all[i] = append(all[i], a)
	}
	return all
}

// anyOf returns the attempts with one key, which is chosen at random.
func anyOf(line []*attempt, key func(*attempt) string) []*attempt {
	all := groups(line, key)
	return all[rand.IntN(len(all))]
}

// mostOf returns the attempts with the key that most have.
func mostOf(line []*attempt, key func(*attempt) string) []*attempt {
	return slices.MaxFunc(groups(line, key), func(a, b []*attempt) int { return len(a) - len(b) })
}
