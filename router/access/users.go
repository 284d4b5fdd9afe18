package access

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"mjpegazer/router/internal/watch"
)

// Users are the names and passwords in a file as Apache's htpasswd -B writes it: lines of the form name:hash, beside empty
// ones and those that begin with a #. The hashes are bcrypt's, of cost 15 at most: a login at that cost takes seconds on a
// computer and a minute on a small board. The default of htpasswd, 5, is too low; htpasswd -B -C 10 is better.
//
// The password is checked with every request. As a check takes long, one that was right is remembered for 5 minutes from its
// last use, as a hash with a key that is new in each run of the program, and forgotten when the file changes.
//
// However many wrong passwords come, they cost one processor at most, and somebody with a right one waits for a few of those
// checks only: networks and addresses that have tried least come first, and
// beyond that users take turns, and so do clients. A name that is not in the file takes as long as one that is.
type Users struct {
	file  *watch.Files[*userTable]
	queue queue
}

// OpenUsers reads a file of users, a regular file of at most 1 MiB. A line that is not understood lets nobody in, and log, which may
// be nil, gets an error with its number; the other lines hold. Without any user nobody is let in. It is an error where lines are
// not understood and there is no user, for then the file is hardly one of users.
//
// A change of the file counts a second later at most. If it then cannot be read, the users from before remain, and log says why.
func OpenUsers(path string, log *slog.Logger) (*Users, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	opened := false
	file, err := watch.Open(log, func(contents [][]byte) (*userTable, error) {
		t, bad := parseUsers(contents[0])
		if !opened && len(bad) > 0 && len(t.hashes) == 0 {
			return nil, bad[0]
		}
		for _, err := range bad {
			log.Error("line of the file of users cannot be used: it lets nobody in", "file", path, "error", err)
		}
		if len(t.hashes) == 0 {
			log.Warn("no users, so nobody can log in: htpasswd -B -C 10 adds them", "file", path)
		}
		return t, nil
	}, path)
	if err != nil {
		return nil, err
	}
	opened = true
	return &Users{file: file, queue: queue{log: log}}, nil
}

// Has reports whether there is a user of this name.
func (u *Users) Has(name string) bool { return u.file.Get().hashes[name] != nil }

// maxCost is the cost of bcrypt at which a small board takes a minute for one password.
const maxCost = 15

// parseUsers returns the users, and what is wrong with lines that are none.
func parseUsers(content []byte) (t *userTable, bad []error) {
	t = &userTable{hashes: map[string][]byte{}, right: map[sum]time.Time{}, wrong: map[sum]bool{}}
	rand.Read(t.key[:])
	n := 0
	for line := range strings.Lines(string(content)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, hash, _ := strings.Cut(line, ":")
		cost, err := bcrypt.Cost([]byte(hash))
		switch {
		case err != nil || name == "": // the line is not repeated: it may be a password
			bad = append(bad, fmt.Errorf("line %d: not a name, a colon and a bcrypt hash, as htpasswd -B -C 10 writes them", n))
		case cost > maxCost:
			bad = append(bad, fmt.Errorf("line %d: the hash of %q has cost %d, which takes minutes for each login: the most is %d", n, name, cost, maxCost))
		default:
			t.hashes[name] = []byte(hash)
			t.all = append(t.all, []byte(hash))
		}
	}
	if len(t.all) == 0 {
		t.all = [][]byte{[]byte(nobodysHash)}
	}
	return t, bad
}

// nobodysHash is what a password is compared with where there are no users.
const nobodysHash = "$2a$10$HydhGh0UtZ7O3jFrlDY8cu1uwoIfXQF0z7eawDs5MLvXrP3kNd6Ca"

const (
	rememberRight = 5 * time.Minute
	rememberMost  = 4096 // passwords, right and wrong each
)

// A sum stands for a user's name and password in memory.
type sum [sha256.Size]byte

// A userTable is what the file says, until it changes, and what was found out with it.
type userTable struct {
	key    [32]byte
	hashes map[string][]byte // by name
	all    [][]byte          // the same hashes

	mu    sync.Mutex
	right map[sum]time.Time // when it was used last
	wrong map[sum]bool      // so that a program with an old password costs nothing
}

// check returns the hash of a password that is the user's, and nil for any other. Its error is the context's, or errTooMany.
func (u *Users) check(ctx context.Context, name, password, client string) ([]byte, error) {
	t := u.file.Get()
	hash, exists := t.hashes[name]
	if !exists {
		hash = t.stranger(name) // takes as long as any other, so that nobody learns which names there are
	}
	s := t.sum(name, password)
	right, known := t.remembered(s)
	if !known {
		var err error
		right, err = u.queue.check(ctx, attempt{sum: s, user: name, client: client, right: func() bool {
			right := bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil && exists
			t.remember(s, right) // also for a client that has lost patience, or it would never get in
			return right
		}})
		if err != nil {
			return nil, err
		}
	}
	if !right {
		return nil, nil
	}
	return hash, nil
}

// stranger returns a hash for a name that has none. It is always the same for one name, as hashes may differ in their cost.
func (t *userTable) stranger(name string) []byte {
	s := t.sum(name, "")
	return t.all[binary.BigEndian.Uint32(s[:])%uint32(len(t.all))]
}

func (t *userTable) sum(name, password string) sum {
	mac := hmac.New(sha256.New, t.key[:])
	fmt.Fprintf(mac, "%d:%s%s", len(name), name, password)
	return sum(mac.Sum(nil))
}

func (t *userTable) remembered(s sum) (right, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if used, ok := t.right[s]; ok && now.Sub(used) < rememberRight {
		t.right[s] = now
		return true, true
	}
	return false, t.wrong[s]
}

func (t *userTable) remember(s sum, right bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if right {
		if len(t.right) >= rememberMost { // bcrypt looks at 72 bytes, so that many passwords may be right
			clear(t.right)
		}
		t.right[s] = time.Now()
		return
	}
	if len(t.wrong) >= rememberMost {
		clear(t.wrong)
	}
	t.wrong[s] = true
}
