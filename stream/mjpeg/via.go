package mjpeg

import (
	"slices"
	"strings"
)

// Headers by which one mjpegazer knows another. Unlike Server and Via, proxies pass them on.
const (
	// InstanceHeader holds a [Via]: in an answer the programs that the pictures have come by, the one that answers first; in a
	// request those that they go to, the one that asks first.
	InstanceHeader = "X-Mjpegazer-Instance"
	// IdleHeader is, in a request, after what time without a byte the one that asks gives up, as in 1.5s.
	IdleHeader = "X-Mjpegazer-Idle"
)

// MaxHops is how many programs pictures may come by.
const MaxHops = 8

const (
	maxVia      = 64 // instances that are read and written: a program may have many viewers
	maxInstance = 64 // bytes of one
)

// A Via names running programs, by what tells each from all others, that pictures have passed or will pass. Where they came back to
// one of these they would go round in a circle.
type Via []string

// ParseVia reads the values of [InstanceHeader]. What cannot be an instance is left out.
func ParseVia(values []string) (v Via) {
	for _, value := range values {
		for instance := range strings.SplitSeq(value, ",") {
			if instance = strings.TrimSpace(instance); instance != "" && len(instance) <= maxInstance && len(v) < maxVia {
				v = append(v, instance)
			}
		}
	}
	return v
}

// String returns the value of [InstanceHeader].
func (v Via) String() string { return strings.Join(v[:min(len(v), maxVia)], ", ") }

// Meets reports whether two have an instance in common.
func (v Via) Meets(other Via) bool {
	return slices.ContainsFunc(v, func(instance string) bool { return slices.Contains(other, instance) })
}

// Then returns v and those of other that it does not hold.
func (v Via) Then(other Via) Via {
	all := slices.Clip(v)
	for _, instance := range other {
		if !slices.Contains(all, instance) {
			all = append(all, instance)
		}
	}
	return all
}
