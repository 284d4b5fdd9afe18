package source

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"mjpegazer/stream"
)

// A Camera is what a SOURCE string describes.
type Camera struct {
	Source   stream.Source
	Display  string        // what of the string may be shown, as by [Display]
	Stall    time.Duration // for [stream.Options]
	MaxFrame int           // for [stream.Options], in bytes
	Keep     bool          // for [stream.Options]: what comes must be read whether anybody looks or not
}

// Defaults are what holds where a SOURCE string says nothing else.
type Defaults struct {
	Stall    time.Duration // 0: [stream.DefaultStall]
	MaxFrame int           // in bytes; 0: [DefaultMaxFrame]
	Instance string        // see [HTTP]
}

// A Camera is read from a string by one of these, by what schemeOf says.
var kinds = map[string]func(address string, c *Camera, o *options, d Defaults) error{
	"http":         parseHTTP,
	"https":        parseHTTP,
	"pattern":      parsePattern,
	"webcam":       parseWebcam,
	"mediadevices": parseMediaDevice,
	"exec":         parseCommand,
	"file":         parseFile,
	"-":            parseInput,
}

// Forms lists what a SOURCE string may look like.
const Forms = "http://HOST/PATH, https://HOST/PATH, pattern:, webcam://0, webcam://by-id/NAME, webcam://name/NAME, a number, /dev/videoN, " +
	"exec:COMMAND ARGS, file:PATH, - (standard input), mediadevices:LABEL"

// Parse reads a SOURCE string. Its options stand behind a #, as in #stall=60s&insecure, percent-encoded where need be. An
// error says what to do, and holds no secrets.
func Parse(text string, d Defaults) (Camera, error) {
	address, fragment := cutOptions(text)
	parse := kinds[schemeOf(address)]
	if parse == nil {
		return Camera{}, errors.New("this is no source; one is " + Forms + "; what else ffmpeg reads is exec:ffmpeg -i ADDRESS -f mjpeg -")
	}
	c := Camera{
		Display:  Display(text),
		Stall:    cmp.Or(d.Stall, stream.DefaultStall),
		MaxFrame: cmp.Or(d.MaxFrame, DefaultMaxFrame),
	}
	o, err := parseOptions(fragment)
	if err == nil {
		o.duration("stall", &c.Stall)
		o.size("max-frame", &c.MaxFrame)
		err = parse(address, &c, o, d)
	}
	if err == nil {
		err = o.finish()
	}
	if err != nil {
		return Camera{}, fmt.Errorf("%s: %w", c.Display, err)
	}
	return c, nil
}

// schemeOf returns the kind of source that a string without options describes, or nothing.
func schemeOf(address string) string {
	scheme, _, ok := strings.Cut(address, ":")
	switch scheme = strings.ToLower(scheme); {
	case address == "-":
		return "-"
	case isWebcam(address):
		return "webcam"
	case ok && kinds[scheme] != nil:
		return scheme
	}
	return ""
}

// cutOptions takes the options off a SOURCE string. A command or a file's name may hold a # itself: the last one counts.
func cutOptions(text string) (address, fragment string) {
	at := strings.IndexByte(text, '#')
	switch scheme, _, _ := strings.Cut(text, ":"); strings.ToLower(scheme) {
	case "exec", "file":
		at = strings.LastIndexByte(text, '#')
	}
	if at < 0 {
		return text, ""
	}
	return text[:at], text[at+1:]
}

func parseCommand(address string, c *Camera, _ *options, _ Defaults) error {
	args, err := splitCommand(address[len("exec:"):])
	c.Source = &Command{Args: args, MaxFrame: c.MaxFrame}
	return err
}

func parseFile(address string, c *Camera, o *options, _ Defaults) error {
	f := &File{Path: address[len("file:"):], MaxFrame: c.MaxFrame}
	if f.Path == "" {
		return errors.New("the file's name is missing: file:PATH")
	}
	o.rate("fps", &f.FPS)
	o.flag("loop", &f.Loop)
	c.Source = f
	return nil
}

func parseInput(_ string, c *Camera, _ *options, _ Defaults) error {
	c.Source, c.Keep = &Input{Reader: os.Stdin, MaxFrame: c.MaxFrame}, true
	return nil
}

func parseHTTP(address string, c *Camera, o *options, d Defaults) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return errors.New("the address makes no sense; it is of the form http://USER:PASSWORD@HOST:PORT/PATH, special characters percent-encoded")
	}
	h := &HTTP{URL: address, MaxFrame: c.MaxFrame, IdleTime: max(10*time.Second, c.Stall), Instance: d.Instance}
	o.flag("ipv4", &h.IPv4)
	o.duration("poll", &h.Poll)
	o.header("header", &h.Header)
	var auth string
	if o.text("auth", &auth); auth != "" && auth != "basic" {
		return errors.New("auth can be basic, or be left out: then the camera decides")
	}
	h.Basic = auth == "basic"
	var trust trust
	o.flag("insecure", &trust.insecure)
	o.text("ca", &trust.ca)
	o.text("pin", &trust.pin)
	h.TLS, err = trust.config()
	c.Source = h
	return err
}
