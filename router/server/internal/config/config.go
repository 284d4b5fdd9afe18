package config

import (
	"cmp"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mjpegazer/router"
	"mjpegazer/router/internal/watch"
	"mjpegazer/router/server/internal/document"
	"mjpegazer/source"
	"mjpegazer/stream"
)

// Config is what flags, environment, configuration file and arguments say.
type Config struct {
	Listen          list
	MetricsListen   list
	Linger          time.Duration
	Keep            bool
	Stall           time.Duration
	MaxFrame        size
	MaxPixels       pixels
	HealthThreshold int
	Limits          limitSettings
	Access          accessSettings
	Publish         publishSettings
	LogLevel        level
	LogFormat       string
	LogFile         string
	File            string // the configuration file; "": none
	Version         bool
	Instance        string // tells this run of the program from any other
	Cameras         []Camera
	Read            *watch.Set // the configuration file and those that it names; empty without one

	flags   *flag.FlagSet
	places  map[string]document.Value // of the flags that hold what the file says, and of tokens.NAME
	viewers []viewer                  // that the file's cameras have
	args    []string
	env     Variables
	unknown []string // environment variables

	directory string // where relative names in the file begin; "": where it is
}

// Parse reads the command line, the environment and the configuration file. Its error is one line for the user, [Mistakes] of
// the file, or flag.ErrHelp where help was asked for, which is then written to help.
func Parse(args []string, env Variables, help io.Writer) (*Config, error) {
	return parse(newConfig(args, env, rand.Text()), help)
}

// ParseAs is Parse of a configuration file that is to be in another directory, where relative names in it begin.
func ParseAs(directory string, args []string, env Variables) (*Config, error) {
	c := newConfig(args, env, rand.Text())
	c.directory = directory
	return parse(c, io.Discard)
}

func parse(c *Config, help io.Writer) (*Config, error) {
	others, err := c.readLayers(nil)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(help, usage)
		c.flags.SetOutput(help)
		c.flags.PrintDefaults()
		fmt.Fprint(help, usageEnd)
		return c, err
	}
	if err != nil || c.Version {
		return c, err
	}
	return c.complete(others)
}

// Reload reads again what the program was told. The result is never nil: its [Config.Read] is what was read until there was
// an error.
func (c *Config) Reload() (*Config, error) {
	again := newConfig(c.args, c.env, c.Instance)
	others, err := again.readLayers(nil)
	if err != nil { // it was right before
		return again, err
	}
	return again.complete(others)
}

// Watch adds files to those whose change is one of the configuration.
func (c *Config) Watch(files ...string) {
	for _, file := range files {
		c.Read.Read(file)
	}
}

// newConfig is what holds unless something else is said.
func newConfig(args []string, env Variables, instance string) *Config {
	c := &Config{
		args: args, env: env, Instance: instance, Read: &watch.Set{}, places: map[string]document.Value{},
		flags: flag.NewFlagSet("mjpegazer", flag.ContinueOnError),
	}
	c.readOriginal(env)
	c.define()
	return c
}

// readLayers sets the flags, each layer over the one before: the file, if any, the variables of the flags, the command line,
// whose other arguments it returns.
func (c *Config) readLayers(f *file) (others []string, err error) {
	if f != nil {
		f.apply(c)
	}
	failed := c.readVariables(c.env)
	others, err = c.parseArguments(c.args)
	if errors.Is(err, flag.ErrHelp) {
		return nil, err
	}
	return others, cmp.Or(failed, err)
}

// complete reads what depends on the flags: the file, which is below some of them, and the cameras.
func (c *Config) complete(others []string) (*Config, error) {
	if c.File == "" {
		if err := cmp.Or(c.checkTogether(), c.checkPublish()); err != nil {
			return c, err
		}
		if err := cmp.Or(c.readCameras(others, true), c.checkArgumentVariants()); err != nil {
			return c, err
		}
		return c, c.checkAnonymous()
	}
	f, err := openFile(c.File, cmp.Or(c.directory, filepath.Dir(c.File)), c.env, c.Read)
	if err != nil {
		return c, err
	}
	whole := newConfig(c.args, c.env, c.Instance)
	whole.Read = c.Read
	whole.readLayers(f) // an error would have been one before
	if err := whole.readCameras(others, false); err != nil {
		return c, err
	}
	f.cameras(whole)
	if len(whole.Cameras) == 0 {
		err = whole.readCameras(nil, true)
	}
	err = cmp.Or(err, f.variants(whole))
	f.checkViewers(whole)
	if f.mistakes() == nil && err == nil {
		err = whole.checkAnonymous()
	}
	if together := whole.checkTogether(); together != nil && f.mistakes() == nil {
		err = Mistakes{{File: c.File, Text: together.Error()}}
	}
	return whole, cmp.Or(f.mistakes(), err, whole.checkPublish())
}

// Fault says that the value of a flag cannot be used, or what it names: where the configuration file says it, by its place.
func (c *Config) Fault(name string, err error) error {
	if place, ok := c.places[name]; ok {
		key, _, _ := strings.Cut(name, ".")
		return Mistakes{place.At(key + ": " + cause(err))}
	}
	if name == "listen" || name == "metrics-listen" { // the error says it
		return err
	}
	return fmt.Errorf("-%s: %w", name, err)
}

func (c *Config) define() {
	f := c.flags
	f.Var(&c.Listen, "listen", "`address` to serve on: :5000 for the whole network, unix:/run/mjpegazer.sock for a proxy on this machine; may be repeated")
	f.Var(&c.MetricsListen, "metrics-listen", "`address` to serve /metrics on, and nowhere else, such as 127.0.0.1:9000; may be repeated")
	f.DurationVar(&c.Linger, "linger", stream.DefaultLinger, "how long a camera stays open after its last viewer has left; 0 closes it at once")
	f.BoolVar(&c.Keep, "keep", false, "keep all cameras open, with or without viewers")
	f.DurationVar(&c.Stall, "stall", stream.DefaultStall, "reopen a camera that has sent no picture for this long")
	c.MaxFrame = stream.DefaultMaxFrame
	f.Var(&c.MaxFrame, "max-frame", "drop pictures larger than this `size`")
	c.MaxPixels = stream.DefaultMaxPixels
	f.Var(&c.MaxPixels, "max-pixels", "drop pictures with more pixels than this `number`, such as 8M")
	f.IntVar(&c.HealthThreshold, "health-threshold", router.DefaultHealthThreshold, "`number` of failures in a row after which a camera is unhealthy")
	c.Limits.define(f)
	c.Access.define(f)
	c.Publish.define(f)
	f.Var(&c.LogLevel, "log-level", "`level` of the log: debug, info, warn or error (info unless DEBUG is set)")
	f.StringVar(&c.LogFormat, "log-format", "text", "`format` of the log: text or json")
	f.StringVar(&c.LogFile, "log-file", c.LogFile, "append the log to this `file` instead of standard error")
	f.StringVar(&c.File, "config", "", "read the settings and cameras in this `file` (YAML); other flags and the environment win (see mjpegazer example)")
	f.BoolVar(&c.Version, "version", false, "print the version, commit and Go version")
}

// checks look at the values of flags, each by itself, once it was set.
var checks = map[string]func(c *Config) error{
	"listen":         func(c *Config) error { return checkListen(c.Listen.Values) },
	"metrics-listen": func(c *Config) error { return checkListen(c.MetricsListen.Values) },
	"linger":         func(c *Config) error { return notNegative(c.Linger, "0 closes a camera with its last viewer") },
	"heartbeat":      func(c *Config) error { return notNegative(c.Limits.Heartbeat, "0 turns heartbeats off") },
	"max-viewers":    func(c *Config) error { return notNegative(c.Limits.Viewers, "0 is no limit") },
	"max-cameras":    func(c *Config) error { return positive(c.Limits.Cameras, "give 1 or more") },
	"max-connections": func(c *Config) error {
		return notNegative(c.Limits.Connections, "0 is as many as the limit of open files allows")
	},
	"max-rate":         func(c *Config) error { return checkRate(c.Limits.Rate) },
	"cors":             func(c *Config) error { return c.Access.checkOrigins() },
	"external-url":     func(c *Config) error { return c.Access.checkExternalURL() },
	"trusted-proxy":    func(c *Config) error { return c.Access.checkProxies() },
	"stall":            func(c *Config) error { return positive(c.Stall, "give a duration such as 10s or 1m") },
	"max-frame":        func(c *Config) error { return positive(c.MaxFrame, "give a size such as 500KB or 32MiB, 1GiB at most") },
	"max-pixels":       func(c *Config) error { return positive(c.MaxPixels, "give a number of pixels such as 8M or 8000000") },
	"health-threshold": func(c *Config) error { return positive(c.HealthThreshold, "give 1 or more") },
	"max-viewers-per-camera": func(c *Config) error {
		return notNegative(c.Limits.ViewersPerCamera, "0 is no limit")
	},
	"publish-rank": func(c *Config) error {
		if c.Publish.Rank < 0 || c.Publish.Rank > 100 {
			return errors.New("give a number from 0 to 100")
		}
		return nil
	},
	"log-format": func(c *Config) error {
		if c.LogFormat != "text" && c.LogFormat != "json" {
			return errors.New("use text or json")
		}
		return nil
	},
}

// checkTogether looks at what only makes sense together, once all is known.
func (c *Config) checkTogether() error {
	if !c.Listen.Given && checkListen(c.Listen.Values) != nil {
		return fmt.Errorf("FLASK_RUN_HOST, FLASK_RUN_PORT: nothing can listen on %s; give a host and a port such as 127.0.0.1 and 5000", withoutSecret(c.Listen.String()))
	}
	if (c.Access.CertFile == "") != (c.Access.KeyFile == "") {
		return errors.New("-tls-cert and -tls-key belong together: give both")
	}
	if i := slices.IndexFunc(c.MetricsListen.Values, func(address string) bool { return slices.Contains(c.Listen.Values, address) }); i >= 0 {
		return fmt.Errorf("-metrics-listen: %s is an address of -listen: choose another port", shown(c.MetricsListen.Values[i]))
	}
	if c.Publish.Rank > 0 && c.Publish.Servers == "" {
		return errors.New("-publish-rank: give -publish as well")
	}
	return nil
}

// checkPublish looks at -publish once it is known where relative names of files begin.
func (c *Config) checkPublish() error {
	if c.Publish.Servers == "" {
		return nil
	}
	if _, err := c.PublishDefaults().Publisher(c.Publish.Servers); err != nil {
		return c.Fault("publish", err)
	}
	return nil
}

// PublishDefaults are those of -publish.
func (c *Config) PublishDefaults() source.Defaults {
	var at Camera
	if _, ok := c.places["publish"]; ok {
		at.Directory = cmp.Or(c.directory, filepath.Dir(c.File))
	}
	return c.Defaults(at)
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
