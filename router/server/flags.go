package server

import (
	"cmp"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"mjpegazer/router"
	"mjpegazer/source"
	"mjpegazer/stream"
)

// config is what flags, environment and arguments say.
type config struct {
	listen          list
	linger          time.Duration
	keep            bool
	stall           time.Duration
	maxFrame        size
	healthThreshold int
	limits          limits
	access          access
	logLevel        slog.Level
	logFormat       string
	logFile         string
	version         bool
	instance        string // tells this run of the program from any other
	cameras         []camera
}

// camera is a SOURCE, which was checked, with its name.
type camera struct{ name, source string }

const usage = `mjpegazer reads cameras once and shows them to any number of viewers.

usage: mjpegazer [flags] [[NAME=]SOURCE ...]
       mjpegazer probe SOURCE       tells what a camera sends, or why it does not
       mjpegazer webcams [-json]    lists the webcams of this machine

SOURCE is one of
  http://… https://…   a camera that sends MJPEG or single pictures; user:password@ in the address if it wants them
  webcam://0           a webcam by its number, also 0 or /dev/video0; webcam://by-id/… and webcam://name/… find it anywhere
  exec:COMMAND ARGS    what a command writes to its standard output
  file:PATH            an MJPEG file, a folder of JPEGs or a named pipe
  -                    standard input
  pattern:             a moving test card; what runs when no source is named and VIDEO_URL is not set
Options of a source stand behind a #, such as pattern:#width=640&height=480&fps=10; stall= and max-frame= are options
of all. NAME is what viewers say: /NAME/live; without one a camera is camera, camera2 and so on.

flags:
`

const usageEnd = `
Every flag can be set by the environment as well: -max-frame by MJPEGAZER_MAX_FRAME, and so on. A flag beats it.
VIDEO_URL (a source), FLASK_RUN_HOST, FLASK_RUN_PORT, DEBUG (true, yes, y, 1) and LOG_FILE work as in the Python program.
`

// parse reads the command line and the environment. Its error is one line for the user, or flag.ErrHelp where help was asked
// for, which is then written to help.
func parse(args []string, env func(string) string, help io.Writer) (config, error) {
	c := config{instance: rand.Text()}
	flags := flag.NewFlagSet("mjpegazer", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	c.define(flags, env)
	if err := c.fromEnvironment(flags, env); err != nil {
		return c, err
	}
	arguments, err := interleaved(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(help, usage)
		flags.SetOutput(help)
		flags.PrintDefaults()
		fmt.Fprint(help, usageEnd)
		return c, err
	}
	if err != nil {
		return c, fmt.Errorf("%w (-h shows all flags)", err)
	}
	if err := cmp.Or(c.check(), c.access.checkTogether()); err != nil || c.version {
		return c, err
	}
	if len(arguments) == 0 {
		arguments = []string{cmp.Or(env("VIDEO_URL"), "pattern:")}
	}
	c.cameras, err = c.parseCameras(arguments)
	return c, err
}

func (c *config) define(f *flag.FlagSet, env func(string) string) {
	c.maxFrame = stream.DefaultMaxFrame
	listen := net.JoinHostPort(cmp.Or(env("FLASK_RUN_HOST"), "127.0.0.1"), cmp.Or(env("FLASK_RUN_PORT"), "5000"))
	level := slog.LevelInfo
	switch strings.ToLower(env("DEBUG")) {
	case "true", "yes", "y", "1":
		level = slog.LevelDebug
	}
	c.listen = list{values: []string{listen}, beaten: true}
	f.Var(&c.listen, "listen", "`address` to serve on, :5000 for everybody, unix:/run/mjpegazer.sock for a proxy; may stand more than once")
	f.DurationVar(&c.linger, "linger", stream.DefaultLinger, "how long a camera stays open after its last viewer")
	f.BoolVar(&c.keep, "keep", false, "keep all cameras open, viewers or not")
	f.DurationVar(&c.stall, "stall", stream.DefaultStall, "a camera without a picture for so long is asked anew")
	f.Var(&c.maxFrame, "max-frame", "a picture of more than this `size` is dropped without being stored")
	f.IntVar(&c.healthThreshold, "health-threshold", 3, "consecutive failures after which a camera is unhealthy")
	c.limits.define(f)
	c.access.define(f)
	f.TextVar(&c.logLevel, "log-level", level, "debug, info, warn or error")
	f.StringVar(&c.logFormat, "log-format", "text", "text or json")
	f.StringVar(&c.logFile, "log-file", env("LOG_FILE"), "append the log to this `file` (default standard error)")
	f.BoolVar(&c.version, "version", false, "print version, commit and Go version")
}

// fromEnvironment sets flags by MJPEGAZER_ variables. An error names the variable: its user never gave a flag.
func (c *config) fromEnvironment(flags *flag.FlagSet, env func(string) string) error {
	var failed error
	flags.VisitAll(func(f *flag.Flag) {
		name := "MJPEGAZER_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if value := env(name); value != "" && failed == nil {
			if err := cmp.Or(flags.Set(f.Name, value), c.check()); err != nil {
				failed = fmt.Errorf("%s=%s: %w", name, value, err)
			}
			if l, ok := f.Value.(*list); ok {
				l.beaten = true
			}
		}
	})
	return failed
}

// interleaved parses flags wherever they stand among the arguments, as people type them; behind "--" there are none.
func interleaved(flags *flag.FlagSet, args []string) (arguments []string, err error) {
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		rest := flags.Args()
		if ended := len(args) > len(rest) && args[len(args)-len(rest)-1] == "--"; ended || len(rest) == 0 {
			return append(arguments, rest...), nil
		}
		arguments, args = append(arguments, rest[0]), rest[1:]
	}
	return arguments, nil
}

func (c *config) check() error {
	switch {
	case len(c.listen.values) == 0:
		return errors.New("-listen needs an address, such as :5000")
	case slices.ContainsFunc(c.listen.values, noAddress):
		return fmt.Errorf("-listen %s: an address is HOST:PORT, :PORT or unix:PATH, such as 127.0.0.1:5000", &c.listen)
	case c.linger < 0:
		return fmt.Errorf("-linger %v: it must not be negative", c.linger)
	case c.stall <= 0:
		return fmt.Errorf("-stall %v: it must be more than nothing", c.stall)
	case c.healthThreshold < 1:
		return fmt.Errorf("-health-threshold %d: it must be 1 or more", c.healthThreshold)
	case c.logFormat != "text" && c.logFormat != "json":
		return fmt.Errorf("-log-format %s: it must be text or json", c.logFormat)
	}
	return cmp.Or(c.limits.check(), c.access.check())
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

func (c *config) defaults() source.Defaults {
	return source.Defaults{Stall: c.stall, MaxFrame: int(c.maxFrame), Instance: c.instance}
}

func (c *config) parseCameras(arguments []string) ([]camera, error) {
	var cameras []camera
	taken := map[string]bool{}
	for i, text := range arguments {
		name := "camera"
		if i > 0 {
			name = fmt.Sprintf("camera%d", i+1)
		}
		if given, rest, ok := source.SplitName(text); ok {
			name, text = given, rest
		}
		if err := router.CheckName(name); err != nil {
			return nil, err
		}
		if taken[name] {
			return nil, fmt.Errorf("two cameras are named %q: give one of them another name, as in other=SOURCE", name)
		}
		taken[name] = true
		spec, err := source.Parse(text, c.defaults())
		if err == nil {
			err = spec.Check()
		}
		if err != nil {
			return nil, fmt.Errorf("camera %d (%q): %w", i+1, name, err)
		}
		cameras = append(cameras, camera{name, text})
	}
	return cameras, nil
}

// size is a flag in bytes.
type size int

func (s *size) String() string {
	if *s%(1<<20) == 0 {
		return fmt.Sprintf("%dMiB", *s>>20)
	}
	return fmt.Sprint(int(*s))
}

func (s *size) Set(text string) (err error) {
	n, err := source.ParseSize(text)
	*s = size(n)
	return err
}
