package server

import (
	"cmp"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"mjpegazer/router"
	"mjpegazer/stream"
)

// config is what flags, environment and arguments say.
type config struct {
	flags           *flag.FlagSet
	listen          list
	linger          time.Duration
	keep            bool
	stall           time.Duration
	maxFrame        size
	maxPixels       pixels
	healthThreshold int
	limits          limitSettings
	access          accessSettings
	logLevel        level
	logFormat       string
	logFile         string
	version         bool
	instance        string // tells this run of the program from any other
	cameras         []camera
	unknown         []string // environment variables
}

// parse reads the command line and the environment. Its error is one line for the user, or flag.ErrHelp where help was asked
// for, which is then written to help.
func parse(args []string, env variables, help io.Writer) (*config, error) {
	c := &config{instance: rand.Text(), flags: flag.NewFlagSet("mjpegazer", flag.ContinueOnError)}
	c.readOriginal(env)
	c.define()
	failed := c.readVariables(env)
	others, err := c.parseArguments(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(help, usage)
		c.flags.SetOutput(help)
		c.flags.PrintDefaults()
		fmt.Fprint(help, usageEnd)
		return c, err
	}
	if err := cmp.Or(failed, err, c.checkTogether()); err != nil || c.version {
		return c, err
	}
	c.cameras, err = c.parseCameras(others, env)
	return c, err
}

func (c *config) define() {
	f := c.flags
	f.Var(&c.listen, "listen", "`address` to serve on: :5000 for the whole network, unix:/run/mjpegazer.sock for a proxy on this machine; may be repeated")
	f.DurationVar(&c.linger, "linger", stream.DefaultLinger, "how long a camera stays open after its last viewer has left; 0 closes it at once")
	f.BoolVar(&c.keep, "keep", false, "keep all cameras open, with or without viewers")
	f.DurationVar(&c.stall, "stall", stream.DefaultStall, "reopen a camera that has sent no picture for this long")
	c.maxFrame = stream.DefaultMaxFrame
	f.Var(&c.maxFrame, "max-frame", "drop pictures larger than this `size`")
	c.maxPixels = stream.DefaultMaxPixels
	f.Var(&c.maxPixels, "max-pixels", "drop pictures with more pixels than this `number`, such as 8M")
	f.IntVar(&c.healthThreshold, "health-threshold", router.DefaultHealthThreshold, "`number` of failures in a row after which a camera is unhealthy")
	c.limits.define(f)
	c.access.define(f)
	f.Var(&c.logLevel, "log-level", "`level` of the log: debug, info, warn or error (info unless DEBUG is set)")
	f.StringVar(&c.logFormat, "log-format", "text", "`format` of the log: text or json")
	f.StringVar(&c.logFile, "log-file", c.logFile, "append the log to this `file` instead of standard error")
	f.BoolVar(&c.version, "version", false, "print the version, commit and Go version")
}

// checks look at the values of flags, each by itself, once it was set.
var checks = map[string]func(c *config) error{
	"listen":           func(c *config) error { return checkListen(c.listen.values) },
	"linger":           func(c *config) error { return notNegative(c.linger, "0 closes a camera with its last viewer") },
	"heartbeat":        func(c *config) error { return notNegative(c.limits.heartbeat, "0 turns heartbeats off") },
	"max-viewers":      func(c *config) error { return notNegative(c.limits.viewers, "0 is no limit") },
	"max-rate":         func(c *config) error { return checkRate(c.limits.rate) },
	"cors":             func(c *config) error { return c.access.checkOrigins() },
	"trusted-proxy":    func(c *config) error { return c.access.checkProxies() },
	"stall":            func(c *config) error { return positive(c.stall, "give a duration such as 10s or 1m") },
	"max-frame":        func(c *config) error { return positive(c.maxFrame, "give a size such as 500KB or 32MiB, 1GiB at most") },
	"max-pixels":       func(c *config) error { return positive(c.maxPixels, "give a number of pixels such as 8M or 8000000") },
	"health-threshold": func(c *config) error { return positive(c.healthThreshold, "give 1 or more") },
	"max-viewers-per-camera": func(c *config) error {
		return notNegative(c.limits.viewersPerCamera, "0 is no limit")
	},
	"log-format": func(c *config) error {
		if c.logFormat != "text" && c.logFormat != "json" {
			return errors.New("use text or json")
		}
		return nil
	},
}

// checkTogether looks at what only makes sense together, once all is known.
func (c *config) checkTogether() error {
	if !c.listen.given && checkListen(c.listen.values) != nil {
		return fmt.Errorf("FLASK_RUN_HOST, FLASK_RUN_PORT: nothing can listen on %s; give a host and a port such as 127.0.0.1 and 5000", &c.listen)
	}
	if (c.access.certFile == "") != (c.access.keyFile == "") {
		return errors.New("-tls-cert and -tls-key belong together: give both")
	}
	return nil
}

func notNegative[T cmp.Ordered](value T, zero string) error {
	if value < *new(T) {
		return errors.New("it must not be negative; " + zero)
	}
	return nil
}

func positive[T cmp.Ordered](value T, advice string) error {
	if value <= *new(T) {
		return errors.New("it must be more than 0: " + advice)
	}
	return nil
}

func checkListen(addresses []string) error {
	if len(addresses) == 0 || slices.ContainsFunc(addresses, noAddress) {
		return errors.New("give HOST:PORT, :PORT or unix:PATH, such as 127.0.0.1:5000")
	}
	return nil
}

// noAddress reports whether nothing can listen at what the user gave.
func noAddress(text string) bool {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		return path == ""
	}
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	return err != nil
}
