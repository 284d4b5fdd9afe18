package server

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"mjpegazer/router/server/internal/config"
)

const checkUsage = `usage: mjpegazer check [-config FILE] [flags] [[NAME=]SOURCE ...]

Tells what is wrong with a configuration file, and with the files that it names, at FILE:LINE:COLUMN. The exit status is 0 if
nothing is. It contacts no camera. Without -config or MJPEGAZER_CONFIG it reads ` + config.UsualFile + `.
Other flags and arguments are those with which the program is to run.
`

// check is the command of this name.
func check(args, environ []string, stdout, stderr io.Writer) int {
	c, err := parseForCheck(args, config.NewVariables(withServiceCredentials(environ, credentialFolder)))
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, checkUsage)
		return 0
	}
	if err == nil {
		err = checkFiles(c)
	}
	if err != nil {
		report(stderr, err)
		return 1
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
	_, err1 := openAccess(c, quiet)
	_, err2 := openTLS(c, quiet)
	return errors.Join(err1, err2)
}

// report prints what is wrong: the lines of a file as editors understand them, the rest with the program's name.
func report(w io.Writer, err error) {
	if errors.As(err, new(config.Mistakes)) {
		fmt.Fprintln(w, err)
		return
	}
	fmt.Fprintln(w, "mjpegazer:", err)
}
