package server

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mjpegazer/router/server/internal/config"
)

const checkUsage = `usage: mjpegazer check [-config FILE] [-diff[=RUNNING]] [flags] [[NAME=]SOURCE ...]
       mjpegazer check -example

Tells what is wrong with a configuration file, and with the files that it names, at FILE:LINE:COLUMN. The exit status is 0 if
nothing is, else 1. It contacts no camera. Without -config or MJPEGAZER_CONFIG it reads ` + config.UsualFile + `.
Other flags and arguments are those with which the program is to run.

With -diff it says what happens to each camera and address when the running program gets this file in place of its own, which
is RUNNING, else MJPEGAZER_CONFIG, else ` + config.UsualFile + `. Relative names begin where that is.
-example prints a file with comments, as mjpegazer example does.
`

// check is the command of this name.
func check(args, environ []string, stdout, stderr io.Writer) int {
	env := config.NewVariables(withServiceCredentials(environ, credentialFolder))
	args, running, diff := cutDiff(args, env)
	if slices.Contains(args, "-example") || slices.Contains(args, "--example") {
		fmt.Fprint(stdout, config.Example)
		return 0
	}
	var c *config.Config
	var err error
	if diff {
		c, err = config.ParseAs(filepath.Dir(running), args, env)
	} else {
		c, err = parseForCheck(args, env)
	}
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, checkUsage)
		return 0
	}
	if err == nil && !diff {
		err = checkFiles(c)
	}
	if err != nil {
		report(stderr, err)
		return 1
	}
	if diff {
		return printDiff(c, args, running, env, stdout, stderr)
	}
	names := make([]string, len(c.Cameras))
	for i, camera := range c.Cameras {
		names[i] = camera.Name
	}
	if c.File == "" {
		c.File = "command line"
	}
	fmt.Fprintf(stdout, "%s: nothing is wrong; the cameras are %s\n", c.File, strings.Join(names, ", "))
	return 0
}

// cutDiff takes -diff off the arguments, and returns the file that it names, or the one that the running program is likely to
// have.
func cutDiff(args []string, env config.Variables) (rest []string, running string, found bool) {
	running = cmp.Or(env["MJPEGAZER_CONFIG"], config.UsualFile)
	for _, arg := range args {
		name, file, named := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if name != "-diff" && name != "diff" || !strings.HasPrefix(arg, "-") {
			rest = append(rest, arg)
			continue
		}
		found = true
		if named {
			running = file
		}
	}
	return rest, running, found
}

// printDiff says what a reload would do.
func printDiff(c *config.Config, args []string, running string, env config.Variables, stdout, stderr io.Writer) int {
	if c.File == "" || c.File == running {
		fmt.Fprintf(stderr, "mjpegazer: the running program has %s itself: edit a copy, and give it with -config\n", running)
		return 1
	}
	old, err := config.Parse(append(slices.Clone(args), "-config", running), env, io.Discard)
	if err != nil {
		report(stderr, err)
		return 1
	}
	lines := config.Diff(old, c)
	if len(lines) == 0 {
		lines = []string{"nothing changes"}
	}
	fmt.Fprintln(stdout, strings.Join(lines, "\n"))
	return 0
}

// parseForCheck reads the usual file where no other is named.
func parseForCheck(args []string, env config.Variables) (*config.Config, error) {
	c, err := config.Parse(args, env, io.Discard)
	if c.File != "" || err != nil {
		return c, err
	}
	if _, err := os.Stat(config.UsualFile); err != nil {
		return c, nil
	}
	return config.Parse(append([]string{"-config", config.UsualFile}, args...), env, io.Discard)
}

// checkFiles reads the files that the configuration names.
func checkFiles(c *config.Config) error {
	quiet := slog.New(slog.DiscardHandler)
	control, err := openAccess(c, nil, nil, quiet)
	if unknown := unknownViewers(c, control); err == nil && len(unknown) > 0 {
		err = unknown
	}
	_, err2 := openTLS(c, nil, nil, quiet)
	return errors.Join(err, err2, checkPublish(c))
}

// report prints what is wrong: the lines of a file as editors understand them, the rest with the program's name.
func report(w io.Writer, err error) {
	if errors.As(err, new(config.Mistakes)) {
		fmt.Fprintln(w, err)
		return
	}
	fmt.Fprintln(w, "mjpegazer:", err)
}
