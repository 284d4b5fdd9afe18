package config

import (
	"cmp"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"unicode"
)

// Variables is an environment.
type Variables map[string]string

// NewVariables reads a list of NAME=VALUE, in which the last of a name holds.
func NewVariables(environ []string) Variables {
	v := Variables{}
	for _, variable := range environ {
		if name, value, ok := strings.Cut(variable, "="); ok {
			v[name] = value
		}
	}
	return v
}

// text returns a variable without what files leave around its value: quotes, blanks, a byte order mark, the CR of a line from
// Windows.
func (v Variables) text(name string) string {
	blank := func(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' || r == 0 }
	value := strings.TrimFunc(v[name], blank)
	for _, quotes := range []string{`""`, "''", "“”", "‘’"} {
		open, end := quotes[:len(quotes)/2], quotes[len(quotes)/2:]
		if inside, ok := strings.CutPrefix(value, open); ok && strings.HasSuffix(inside, end) {
			return strings.TrimFunc(strings.TrimSuffix(inside, end), blank)
		}
	}
	return value
}

// prefix begins the names of our variables.
const prefix = "MJPEGAZER_"

// variableOf is the name of a flag's variable.
func variableOf(flagName string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flagName, "-", "_"))
}

// readOriginal takes the defaults that the variables of the Python program of this name set.
func (c *Config) readOriginal(env Variables) {
	host, port := cmp.Or(env.text("FLASK_RUN_HOST"), "127.0.0.1"), cmp.Or(env.text("FLASK_RUN_PORT"), "5000")
	c.Listen = list{Values: []string{net.JoinHostPort(host, port)}, overridable: true}
	if isYes(env.text("DEBUG")) {
		c.LogLevel = level(slog.LevelDebug)
	}
	c.LogFile = env.text("LOG_FILE")
}

// isYes reports whether a variable of the Python program says yes.
func isYes(value string) bool {
	return slices.Contains([]string{"true", "yes", "y", "1"}, strings.ToLower(value))
}

// readVariables sets flags by their variables.
func (c *Config) readVariables(env Variables) (err error) {
	known := map[string]bool{variableOf("version"): true} // container images set it to what they hold
	c.flags.VisitAll(func(f *flag.Flag) {
		name := variableOf(f.Name)
		value := env.text(name)
		if known[name] || value == "" || err != nil {
			known[name] = true
			return
		}
		known[name] = true
		if failed := c.set(f, value); failed != nil {
			err = fmt.Errorf("%s: %w", name, failed) // without the value: it may be a secret in the wrong place
		}
		if l, ok := f.Value.(*list); ok {
			l.overridable = true
		}
	})
	for name, value := range env {
		if strings.HasPrefix(name, prefix) && !known[name] && !isServiceVariable(name, value) {
			c.unknown = append(c.unknown, name)
		}
	}
	slices.Sort(c.unknown)
	return err
}

// isServiceVariable reports whether Kubernetes or Docker set a variable, for a service that is called mjpegazer.
func isServiceVariable(name, value string) bool {
	name = strings.TrimPrefix(name, prefix)
	return strings.HasPrefix(name, "SERVICE_") || strings.HasPrefix(name, "PORT_") || strings.HasPrefix(value, "tcp://")
}

// WarnOfUnknown tells of variables that set nothing.
func (c *Config) WarnOfUnknown(log *slog.Logger) {
	for _, name := range c.unknown {
		log := log.With("variable", name)
		if likely := c.likelyFlag(strings.TrimPrefix(name, prefix)); likely != "" && likely != "version" {
			log = log.With("likely", variableOf(likely))
		}
		log.Warn("unknown environment variable")
	}
}
