package watch_test

import (
	"os"
	"testing"

	"mjpegazer/router/internal/watch"
)

// A set knows whether its files are what they were, whatever else there was of them.
func TestSet(t *testing.T) {
	one, two := newFile(t, "one"), newFile(t, "two")
	os.Remove(string(two))
	var set watch.Set
	if content, err := set.Read(string(one)); err != nil || string(content) != "one" {
		t.Fatal(content, err)
	}
	if _, err := set.Read(string(two)); err == nil {
		t.Fatal("a file that there is not was read")
	}
	was := set.Contents()
	same := func(want bool, why string) {
		t.Helper()
		if now := was.Now(); now.Equal(was) != want {
			t.Errorf("%s: the same is %v", why, !want)
		}
	}
	same(true, "nothing")
	one.write(t, "two")
	same(false, "another content")
	set.Read(string(one)) // what was used is what it held first
	if !set.Contents().Equal(was) {
		t.Error("reading again forgets what was used")
	}
	one.write(t, "one")
	same(true, "as it was")
	two.write(t, "")
	same(false, "an empty file where none was")
	os.Remove(string(two))
	same(true, "none again")
	os.Mkdir(string(two), 0o700)
	same(false, "a directory")
}
