package config

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"mjpegazer/source"
)

// A list is a flag that may be repeated, and that takes several values at a time with commas between them.
type list struct {
	Values      []string
	Given       bool // by a flag or a variable
	overridable bool // the next value replaces the values: a flag those of the environment, and both the default
}

func (l *list) String() string {
	if l == nil {
		return ""
	}
	return strings.Join(l.Values, ",")
}

func (l *list) Set(text string) error {
	if l.overridable {
		l.Values, l.overridable = nil, false
	}
	l.Given = true
	for value := range strings.SplitSeq(text, ",") {
		if value = strings.TrimSpace(value); value != "" {
			l.Values = append(l.Values, value)
		}
	}
	return nil
}

// level is a flag for how much is logged.
type level slog.Level

func (l *level) String() string { return strings.ToLower(slog.Level(*l).String()) }

func (l *level) Set(text string) error { return (*slog.Level)(l).UnmarshalText([]byte(text)) }

// size is a flag in bytes.
type size int

func (s *size) String() string {
	if *s != 0 && *s%(1<<20) == 0 {
		return fmt.Sprintf("%dMiB", *s>>20)
	}
	return fmt.Sprint(int(*s))
}

// Set takes 0 as well: for a limit it means that there is none.
func (s *size) Set(text string) error {
	if text == "0" {
		*s = 0
		return nil
	}
	n, err := source.ParseSize(text)
	*s = size(n)
	return err
}

// pixels is a flag in pixels, or millions of them.
type pixels int

func (p *pixels) String() string {
	if *p != 0 && *p%1_000_000 == 0 {
		return fmt.Sprintf("%dM", *p/1_000_000)
	}
	return fmt.Sprint(int(*p))
}

func (p *pixels) Set(text string) error {
	number, million := strings.CutSuffix(strings.ToUpper(text), "M")
	n, err := strconv.ParseInt(number, 10, 32)
	if million {
		n *= 1_000_000
	}
	*p = pixels(min(n, 1<<31-1))
	return err
}
