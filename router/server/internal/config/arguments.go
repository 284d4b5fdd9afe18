package config

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"mjpegazer/source"
)

// parseArguments sets the flags among args, wherever they stand, as people type them, and returns the other arguments;
// after "--" there are no flags. Its error is flag.ErrHelp where help is asked for.
func (c *Config) parseArguments(args []string) (others []string, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			return append(others, args...), nil
		}
		if len(arg) < 2 || arg[0] != '-' {
			others = append(others, arg)
			continue
		}
		name, value, hasValue := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		f := c.flags.Lookup(name)
		switch {
		case f == nil && (name == "h" || name == "help"):
			return nil, flag.ErrHelp
		case f == nil:
			return nil, c.unknownFlag(name, others)
		case hasValue:
		case isBool(f):
			value = "true"
		case len(args) == 0:
			return nil, fmt.Errorf("-%s: %s", name, expected(f))
		default:
			value, args = args[0], args[1:]
		}
		if err := c.set(f, value); err != nil {
			return nil, fmt.Errorf("-%s %s: %w", name, shown(value), err)
		}
	}
	return others, nil
}

func (c *Config) unknownFlag(name string, before []string) error {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		return errors.New("unknown flag; put a source that begins with - after -- (-h lists all flags)") // it may hold a password
	}
	for _, argument := range before {
		if _, text, _ := source.SplitName(argument); strings.HasPrefix(text, "exec:") {
			return fmt.Errorf("unknown flag -%s: put the whole source in quotes: 'exec:… -%s …'", name, name)
		}
	}
	if likely := c.likelyFlag(name); likely != "" {
		return fmt.Errorf("unknown flag -%s: did you mean -%s? (-h lists all flags)", name, likely)
	}
	return fmt.Errorf("unknown flag -%s (-h lists all flags)", name)
}

// set gives a flag a value. The error says what to do, and is to be preceded by the name that the user knows the flag by.
func (c *Config) set(f *flag.Flag, value string) error {
	delete(c.places, f.Name)
	if c.flags.Set(f.Name, value) != nil {
		return errors.New(expected(f))
	}
	if check := checks[f.Name]; check != nil {
		return check(c)
	}
	return nil
}

// expected says what a flag wants.
func expected(f *flag.Flag) string {
	if isBool(f) {
		return "give true or false"
	}
	if getter, ok := f.Value.(flag.Getter); ok {
		switch getter.Get().(type) {
		case time.Duration:
			return "give a duration such as 10s or 1m"
		case int:
			return "give a whole number"
		}
	}
	switch f.Value.(type) {
	case *level:
		return "use debug, info, warn or error"
	case *size:
		return "give a size such as 500KB or 32MiB, 1GiB at most"
	case *pixels:
		return "give a number of pixels such as 8M or 8000000"
	}
	what, _ := flag.UnquoteUsage(f)
	return "a value is missing (" + what + ")"
}

func isBool(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// shown is a value as it stands in an error.
func shown(value string) string {
	value = withoutSecret(value)
	if value == "" || strings.ContainsAny(value, " \t\r\n") {
		return fmt.Sprintf("%q", value)
	}
	return value
}

// withoutSecret hides a value that looks like an address, which may hold a password.
func withoutSecret(value string) string {
	if len(value) > 60 || strings.ContainsAny(value, "@?#&%=") || strings.Contains(value, "//") {
		return "…"
	}
	return value
}

// otherNames are what other programs call our flags.
var otherNames = map[string]string{
	"port": "listen", "host": "listen", "bind": "listen", "addr": "listen", "address": "listen",
	"debug": "log-level", "verbose": "log-level", "v": "version",
	"cert": "tls-cert", "key": "tls-key", "auth": "users", "user": "users", "password": "users",
	"fps": "max-rate", "timeout": "stall",
}

// likelyFlag is the flag that a misspelt name means, or "".
func (c *Config) likelyFlag(name string) (likely string) {
	name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	if other := otherNames[name]; other != "" {
		return other
	}
	var names []string
	c.flags.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	return source.Nearest(name, names)
}
