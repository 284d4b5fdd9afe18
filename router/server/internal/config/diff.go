package config

import (
	"flag"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Same reports whether two cameras are read from the same place in the same way. What viewers see while there is no picture is no
// part of that.
func (c Camera) Same(other Camera) bool {
	return withoutOffline(c.Source) == withoutOffline(other.Source) && c.Directory == other.Directory && c.Stall == other.Stall && c.MaxFrame == other.MaxFrame
}

// offline is the option of this name.
var offline = regexp.MustCompile(`([#&])offline=[^&#]*&?`)

func withoutOffline(source string) string {
	return strings.TrimRight(offline.ReplaceAllString(source, "$1"), "#&")
}

// Diff says in words what happens when a program that runs with old is to run with next: a line for each camera, address and
// key that changes.
func Diff(old, next *Config) []string {
	lines := slices.Concat(diffCameras(old, next), diffViewers(old, next), diffTokens(old.Access.Tokens, next.Access.Tokens),
		diffAddresses("", old.Listen.Values, next.Listen.Values), diffAddresses("metrics at ", old.MetricsListen.Values, next.MetricsListen.Values))
	next.flags.VisitAll(func(f *flag.Flag) {
		k, ok := keys[f.Name]
		if ok && !strings.HasSuffix(f.Name, "listen") && f.Value.String() != old.flags.Lookup(f.Name).Value.String() {
			lines = append(lines, fmt.Sprintf("%s changes: %s", f.Name, k.effect))
		}
	})
	return lines
}

func diffCameras(old, next *Config) (lines []string) {
	for _, camera := range next.Cameras {
		i := slices.IndexFunc(old.Cameras, func(c Camera) bool { return c.Name == camera.Name })
		if i < 0 {
			lines = append(lines, fmt.Sprintf("camera %s is added", camera.Name))
			continue
		}
		before := old.Cameras[i]
		if !before.Same(camera) {
			lines = append(lines, fmt.Sprintf("camera %s is opened again, with another source or other options; its viewers stay", camera.Name))
		}
		if before.Title != camera.Title {
			lines = append(lines, fmt.Sprintf("camera %s has another title", camera.Name))
		}
	}
	var stay []string
	for _, camera := range old.Cameras {
		if slices.Contains(names(next.Cameras), camera.Name) {
			stay = append(stay, camera.Name)
			continue
		}
		lines = append(lines, fmt.Sprintf("camera %s is removed: its viewers' streams end", camera.Name))
	}
	order := slices.DeleteFunc(names(next.Cameras), func(name string) bool { return !slices.Contains(stay, name) })
	if !slices.Equal(stay, order) {
		lines = append(lines, "the cameras have another order")
	}
	return lines
}

// diffViewers says who may see a camera that others could see before.
func diffViewers(old, next *Config) (lines []string) {
	before, after := old.Viewers(), next.Viewers()
	for _, camera := range next.Cameras {
		was, wasRestricted := before[camera.Name]
		is, restricted := after[camera.Name]
		switch {
		case !slices.Contains(names(old.Cameras), camera.Name), slices.Equal(was, is) && wasRestricted == restricted:
		case !restricted:
			lines = append(lines, fmt.Sprintf("camera %s is for everybody who is let in", camera.Name))
		case len(is) == 0:
			lines = append(lines, fmt.Sprintf("camera %s is for the token for all cameras alone; the streams of others end", camera.Name))
		default:
			lines = append(lines, fmt.Sprintf("camera %s is for %s alone; the streams of others end", camera.Name, strings.Join(is, ", ")))
		}
	}
	return lines
}

// diffTokens compares named tokens by their files.
func diffTokens(old, next map[string]string) (lines []string) {
	for _, name := range slices.Sorted(maps.Keys(next)) {
		switch file, there := old[name]; {
		case !there:
			lines = append(lines, fmt.Sprintf("token %s is added", name))
		case file != next[name]:
			lines = append(lines, fmt.Sprintf("token %s has another file; streams end whose token is not in it", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if _, stays := next[name]; !stays {
			lines = append(lines, fmt.Sprintf("token %s is removed; the streams that it let in end", name))
		}
	}
	return lines
}

func names(cameras []Camera) []string {
	all := make([]string, len(cameras))
	for i, camera := range cameras {
		all[i] = camera.Name
	}
	return all
}

// diffAddresses says what happens to addresses, of which a word says what they serve.
func diffAddresses(what string, old, next []string) (lines []string) {
	for _, address := range next {
		if !slices.Contains(old, address) {
			lines = append(lines, fmt.Sprintf("%s%s opens", what, address))
		}
	}
	for _, address := range old {
		if !slices.Contains(next, address) {
			lines = append(lines, fmt.Sprintf("%s%s closes; connections to it stay", what, address))
		}
	}
	return lines
}
