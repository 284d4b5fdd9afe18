package access

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
)

// errCrowded is the error of a log-in that had to give way.
var errCrowded = errors.New("too many log-ins at the same time")

// queueMost is how many log-ins wait at most. One that is not waited for any more does not count.
const queueMost = 1024

const oldestTurn = 8 // each eighth check is the oldest attempt's

// An attempt is a password to be checked, which takes long.
type attempt struct {
	sum          sum // the same attempts have the same
	user, client string
	right        func() bool

	waiting int           // callers
	done    chan struct{} // closed when one of these two is set
	result  bool
	err     error
}

// A queue checks one attempt after the other: at random among the users who are named, then among their clients, and of
// a client's the newest, but now and then the oldest. So whoever makes many attempts takes turns away from himself above all.
// Somebody with a right password, who makes one, waits for a few checks, even at the same address as a crowd with wrong ones:
// those of the crowd who wait make no new attempts.
type queue struct {
	mu      sync.Mutex
	all     map[sum]*attempt
	lines   map[string]map[string][]*attempt // by user and client
	working bool                             // a goroutine is at it, which ends when there is nothing left
	picked  int                              // attempts so far
}

func newQueue() *queue {
	return &queue{all: map[sum]*attempt{}, lines: map[string]map[string][]*attempt{}}
}

// check waits for an attempt's result. Whoever makes the same attempt at the same time waits for the same check.
func (q *queue) check(ctx context.Context, a attempt) (bool, error) {
	q.mu.Lock()
	same, ok := q.all[a.sum]
	if !ok {
		same = q.add(a)
	}
	same.waiting++
	q.mu.Unlock()

	select {
	case <-same.done:
		return same.result, same.err
	case <-ctx.Done():
		q.mu.Lock()
		defer q.mu.Unlock()
		if same.waiting--; same.waiting == 0 && q.leave(same) {
			q.finish(same, false, ctx.Err())
		}
		return false, ctx.Err()
	}
}

func (q *queue) add(a attempt) *attempt {
	if len(q.all) >= queueMost {
		q.giveWay()
	}
	added := &a
	added.done = make(chan struct{})
	q.all[a.sum] = added
	if q.lines[a.user] == nil {
		q.lines[a.user] = map[string][]*attempt{}
	}
	q.lines[a.user][a.client] = append(q.lines[a.user][a.client], added)
	if !q.working {
		q.working = true
		go q.work()
	}
	return added
}

// work checks until nothing is left.
func (q *queue) work() {
	for {
		q.mu.Lock()
		if len(q.lines) == 0 {
			q.working = false
			q.mu.Unlock()
			return
		}
		a := q.pick()
		q.leave(a)
		q.mu.Unlock()

		right := a.right()

		q.mu.Lock()
		q.finish(a, right, nil)
		q.mu.Unlock()
	}
}

// pick chooses one of those who wait.
func (q *queue) pick() *attempt {
	clients := q.lines[anyKey(q.lines)]
	line := clients[anyKey(clients)]
	if q.picked++; q.picked%oldestTurn == 0 {
		return line[0]
	}
	return line[len(line)-1]
}

// giveWay ends the oldest attempt of the client that has the most.
func (q *queue) giveWay() {
	var longest []*attempt
	for _, clients := range q.lines {
		for _, line := range clients {
			if len(line) > len(longest) {
				longest = line
			}
		}
	}
	if len(longest) > 0 {
		oldest := longest[0]
		q.leave(oldest)
		q.finish(oldest, false, errCrowded)
	}
}

// leave takes an attempt out of its line, and reports whether it was in one: those that are being checked are not.
func (q *queue) leave(a *attempt) bool {
	clients := q.lines[a.user]
	i := slices.Index(clients[a.client], a)
	if i < 0 {
		return false
	}
	clients[a.client] = slices.Delete(clients[a.client], i, i+1)
	if len(clients[a.client]) == 0 {
		delete(clients, a.client)
	}
	if len(clients) == 0 {
		delete(q.lines, a.user)
	}
	return true
}

// finish tells an attempt's result to those who wait.
func (q *queue) finish(a *attempt, right bool, err error) {
	a.result, a.err = right, err
	close(a.done)
	delete(q.all, a.sum)
}

func anyKey[V any](m map[string]V) string {
	keys := slices.AppendSeq(make([]string, 0, len(m)), maps.Keys(m))
	return keys[rand.IntN(len(keys))]
}
