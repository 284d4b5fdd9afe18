package access

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"mjpegazer/router/internal/watch"
)

// Users are names and passwords in a file as Apache's htpasswd -B writes it: name:hash lines, the hashes bcrypt, empty lines
// and those that begin with # apart. The file may change. Every request is checked. As a check of bcrypt's takes a large
// part of a second on small boards, a password that was right is remembered for 5 minutes from its last use, under a hash
// with a key that nobody knows, and forgotten when the file changes.
//
// However many wrong passwords come, they cost one processor at most, and who has a right one need not wait for all of them:
// users take turns, and so do the clients that name the same user.
type Users struct {
	file  *watch.Files[*userTable]
	queue *queue
}

// OpenUsers reads a file of users; log tells when it was read anew, or makes no sense any more.
func OpenUsers(path string, log *slog.Logger) (*Users, error) {
	file, err := watch.Open(log, func(contents [][]byte) (*userTable, error) { return parseUsers(contents[0]) }, path)
	if err != nil {
		return nil, err
	}
	return &Users{file, newQueue()}, nil
}

// maxCost is the bcrypt cost at which a small board takes a minute for one password.
const maxCost = 15

func parseUsers(content []byte) (*userTable, error) {
	t := &userTable{hashes: map[string][]byte{}, right: map[sum]time.Time{}, wrong: map[sum]bool{}}
	rand.Read(t.key[:])
	lines := bufio.NewScanner(bytes.NewReader(content))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, hash, _ := strings.Cut(line, ":")
		cost, err := bcrypt.Cost([]byte(hash))
		switch {
		case err != nil || name == "": // told without what it is, which may be a password
			return nil, fmt.Errorf("line %d: it must be a name, a colon and a bcrypt hash, as htpasswd -B writes them", n)
		case cost > maxCost:
			return nil, fmt.Errorf("line %d: the password of %q has cost %d, which takes minutes for each log-in: at most %d", n, name, cost, maxCost)
		}
		t.hashes[name] = []byte(hash)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(t.hashes) == 0 {
		return nil, errors.New("it names no users: htpasswd -B adds them")
	}
	return t, nil
}

const (
	rememberRight = 5 * time.Minute
	rememberMost  = 4096 // passwords, right and wrong each
)

// A sum stands for a user's name and password in memory.
type sum [sha256.Size]byte

// A userTable is what one state of the file says, and what was found out with it.
type userTable struct {
	key    [32]byte
	hashes map[string][]byte // by name

	mu    sync.Mutex
	right map[sum]time.Time // when it was used last
	wrong map[sum]bool      // so that a program with an old password costs nothing
}

// admit reports whether a password is the user's. Its error is the context's, or errCrowded.
func (u *Users) admit(ctx context.Context, name, password, client string) (bool, error) {
	t := u.file.Get()
	hash, exists := t.hashes[name]
	if !exists {
		return false, nil // as slow as any other failure, so that nobody learns which names there are
	}
	s := t.sum(name, password)
	if right, known := t.remembered(s); known {
		return right, nil
	}
	return u.queue.check(ctx, attempt{sum: s, user: name, client: client, right: func() bool {
		right := bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil
		t.remember(s, right) // also for a client that has lost patience, or it would never get in
		return right
	}})
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
