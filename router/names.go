package router

import (
	"errors"
	"regexp"
	"slices"

	"mjpegazer/stream"
)

// A Camera is a Stream with a name. Fields that are left out are not shown.
type Camera struct {
	Name    string // as in /NAME/live; see [CheckName]
	Title   string // for people to read; empty: the name
	Stream  *stream.Stream
	Address string // of the camera, for people to read: it must hold no secrets

	// VariantOf is the name of the camera of which this one shows the pictures, changed. The page shows no variants by themselves.
	VariantOf string
}

// reserved are the first elements of paths that are routes of their own, or may become some.
var reserved = []string{"live", "snapshot", "snapshot.jpg", "health", "status", "stream", "webcam", "metrics", "api", "assets", "wall", "healthz"}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// CheckName returns what is wrong with a camera's name: it is part of a path, beside the routes of the program. The error does
// not repeat the name.
func CheckName(name string) error {
	if !namePattern.MatchString(name) {
		return errors.New("a name has letters, digits, '.', '_' and '-', and begins with a letter or digit")
	}
	if slices.Contains(reserved, name) {
		return errors.New("the name is a route of this program: choose another, as in other=SOURCE")
	}
	return nil
}
