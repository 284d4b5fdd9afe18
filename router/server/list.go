package server

import "strings"

// A list is a flag that may be given more than once, and several values at a time with commas between them.
type list struct {
	values []string
	given  bool // by a flag or a variable
	beaten bool // what there is gives way to the next value: a flag beats the environment, and both the default
}

func (l *list) String() string {
	if l == nil {
		return ""
	}
	return strings.Join(l.values, ",")
}

func (l *list) Set(text string) error {
	if l.beaten {
		l.values, l.beaten = nil, false
	}
	l.given = true
	for value := range strings.SplitSeq(text, ",") {
		if value = strings.TrimSpace(value); value != "" {
			l.values = append(l.values, value)
		}
	}
	return nil
}
