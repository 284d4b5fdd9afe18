package server

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"mjpegazer/router"
	"mjpegazer/router/access"
	"mjpegazer/router/server/internal/config"
)

const linkUsage = `usage: mjpegazer link -camera NAME [-for 24h] [-what live|snapshot|page] [flags] ADDRESS
       mjpegazer link -new-key FILE

Prints an address at which anybody may watch one camera for some time. ADDRESS is where the page is, such as
https://cameras.example/. The link opens nothing else, and cannot be changed. It ends early with the key: who makes a new one ends
all links.

The key is a file that the server has as -link-key, too. -new-key makes one, which only its owner can read. Without -link-key
the command takes MJPEGAZER_LINK_KEY, or what the configuration file says: that of -config, MJPEGAZER_CONFIG or
` + config.UsualFile + `.

`

// A linkOrder is what a link is to be.
type linkOrder struct {
	camera, what, key, file, newKey string
	life                            lifetime
	address                         string
}

// link is the command of this name. It returns the exit status.
func link(args, environ []string, stdout, stderr io.Writer) int {
	o := linkOrder{life: lifetime(24 * time.Hour)}
	flags := flag.NewFlagSet("mjpegazer link", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.camera, "camera", "", "`name` of the camera")
	flags.Var(&o.life, "for", "how `long` the link is good, such as 30m, 24h or 7d")
	flags.StringVar(&o.what, "what", string(access.Live), "`what` it shows: live, snapshot or page")
	flags.StringVar(&o.key, "link-key", "", "`file` with the secret of links")
	flags.StringVar(&o.file, "config", "", "take the link-key of this configuration `file`")
	flags.StringVar(&o.newKey, "new-key", "", "make a new secret in this `file`")
	var arguments []string
	err := flags.Parse(args)
	for ; err == nil && flags.NArg() > 0; err = flags.Parse(flags.Args()[1:]) { // flags may follow the address
		arguments = append(arguments, flags.Arg(0))
	}
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, linkUsage)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return 0
	}
	if err == nil {
		err = o.check(arguments)
	}
	if err != nil {
		fmt.Fprintf(stderr, "mjpegazer: link: %v (mjpegazer link -h shows how)\n", err)
		return 2
	}
	text, err := o.carryOut(config.NewVariables(withServiceCredentials(environ, credentialFolder)))
	if err != nil {
		report(stderr, err)
		return 1
	}
	fmt.Fprintln(stdout, text)
	return 0
}

// check tells what is wrong with an order.
func (o *linkOrder) check(arguments []string) error {
	if o.newKey != "" {
		if len(arguments) > 0 || o.camera != "" {
			return errors.New("-new-key only makes a key: give nothing else")
		}
		return nil
	}
	switch err := router.CheckName(o.camera); {
	case o.camera == "":
		return errors.New("-camera is missing: the name of the camera")
	case err != nil:
		return fmt.Errorf("-camera: %w", err)
	case !slices.Contains([]access.Kind{access.Live, access.Snapshot, access.Page}, access.Kind(o.what)):
		return errors.New("-what: use live, snapshot or page")
	case len(arguments) != 1:
		return errors.New("give one address, after the flags: where the page is, such as https://cameras.example/")
	}
	address, err := config.PageAddress(arguments[0])
	if err != nil {
		return err
	}
	o.address = address + o.camera + "/"
	if access.Kind(o.what) != access.Page {
		o.address += o.what
	}
	return nil
}

// carryOut returns what is to be printed.
func (o *linkOrder) carryOut(env config.Variables) (string, error) {
	if o.newKey != "" {
		return newLinkKey(o.newKey)
	}
	key := o.key
	if o.key == "" || o.file != "" {
		c, err := parseForCheck(o.configArgs(), env)
		if err != nil {
			return "", err
		}
		if key = c.Access.LinkKeyFile; c.File != "" && !c.HasCamera(o.camera) {
			return "", fmt.Errorf("%s has no camera of the name %s (with -link-key the file is not read)", c.File, o.camera)
		}
	}
	if key == "" {
		return "", errors.New("there is no key: give the server's -link-key here, too, or make one with mjpegazer link -new-key FILE")
	}
	links, err := access.OpenLinks(key, slog.New(slog.DiscardHandler))
	if err != nil {
		if failed := (*fs.PathError)(nil); errors.As(err, &failed) { // a secret that was given itself must not be repeated
			err = fmt.Errorf("give the name of a file that holds the secret: %s: %w", failed.Op, failed.Err)
		}
		return "", fmt.Errorf("-link-key: %w", err)
	}
	return o.address + "?" + links.Sign(o.camera, access.Kind(o.what), time.Now().Add(time.Duration(o.life))), nil
}

func (o *linkOrder) configArgs() (args []string) {
	if o.file != "" {
		args = append(args, "-config="+o.file)
	}
	if o.key != "" {
		args = append(args, "-link-key="+o.key)
	}
	return args
}

// newLinkKey makes a file that there was not.
func newLinkKey(path string) (string, error) {
	var secret [32]byte
	rand.Read(secret[:])
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("-new-key: %s is there already: remove it first, which ends the links that it made", path)
	}
	if err != nil {
		return "", fmt.Errorf("-new-key: %w", err)
	}
	_, err = fmt.Fprintln(file, hex.EncodeToString(secret[:]))
	if err = errors.Join(err, file.Close()); err != nil {
		return "", fmt.Errorf("-new-key: %w", err)
	}
	return "start the server with -link-key " + path, nil
}

// lifetime is a flag: a duration, which may also be in days.
type lifetime time.Duration

func (l *lifetime) String() string {
	return strings.Replace(time.Duration(*l).String(), "h0m0s", "h", 1)
}

func (l *lifetime) Set(text string) error {
	const most = 100 * 365 * 24 * time.Hour
	d, err := time.ParseDuration(text)
	if number, ok := strings.CutSuffix(text, "d"); ok {
		var days float64
		days, err = strconv.ParseFloat(number, 64)
		d = time.Duration(min(max(days, 0), 1e6) * float64(24*time.Hour))
	}
	if err != nil || d < time.Second || d > most {
		return errors.New("give a time such as 30m, 24h or 7d")
	}
	*l = lifetime(d)
	return nil
}
