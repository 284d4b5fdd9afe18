package watch

import (
	"crypto/sha256"
	"maps"
	"sync"
)

// A Set is the files that something was made of, with what they held then, so that it can be made again when one of them
// changes. The zero value is empty.
type Set struct {
	mu       sync.Mutex
	contents Contents
}

// Contents say what files held, each by its path, without keeping it.
type Contents map[string][sha256.Size]byte

// Read reads a regular file of at most [MaxSize] bytes, and adds it to the set, also where it cannot be read.
func (s *Set) Read(path string) ([]byte, error) {
	content, err := readFile(path)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.contents == nil {
		s.contents = Contents{}
	}
	if _, there := s.contents[path]; !there { // what it held first is what was used
		s.contents[path] = sum(content, err)
	}
	return content, err
}

// Contents are what the files held when they were read.
func (s *Set) Contents() Contents {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.contents)
}

// Now are what the same files hold now. A file on a network disk that hangs makes it wait.
func (c Contents) Now() Contents {
	now := Contents{}
	for path := range c {
		now[path] = sum(readFile(path))
	}
	return now
}

// Equal reports whether all files hold the same.
func (c Contents) Equal(other Contents) bool { return maps.Equal(c, other) }

// sum stands for what a file holds, or for why it cannot be read.
func sum(content []byte, err error) [sha256.Size]byte {
	if err != nil {
		return sha256.Sum256([]byte("\x00" + err.Error()))
	}
	return sha256.Sum256(append([]byte("\x01"), content...))
}
