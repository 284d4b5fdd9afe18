package source

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
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
}

// Defaults are what holds where a SOURCE string says nothing else.
type Defaults struct {
	Stall    time.Duration // 0: [stream.DefaultStall]
	MaxFrame int           // in bytes; 0: [DefaultMaxFrame]
}

// kinds are the kinds of sources by the scheme of the string.
var kinds = map[string]func(address string, c *Camera, o *options, d Defaults) error{
	"http":         parseHTTP,
	"https":        parseHTTP,
	"webcam":       parseWebcam,
	"mediadevices": parseMediaDevice,
}

// Forms lists what a SOURCE string may look like.
const Forms = "http://HOST/PATH, https://HOST/PATH, webcam://0, webcam://by-id/NAME, webcam://name/NAME, a number, /dev/videoN, mediadevices:LABEL"

// Parse reads a SOURCE string. Its options stand behind a #, as in #stall=60s&insecure, percent-encoded where need be. An
// error says what to do, and holds no secrets.
func Parse(text string, d Defaults) (Camera, error) {
	scheme, _, _ := strings.Cut(text, ":")
	if isWebcam(text) {
		scheme = "webcam"
	}
	parse := kinds[strings.ToLower(scheme)]
	if parse == nil {
		return Camera{}, errors.New("this is no source; one is " + Forms)
	}
	address, fragment := text, ""
	if at := strings.IndexByte(text, '#'); at >= 0 {
		address, fragment = text[:at], text[at+1:]
	}
	o, err := parseOptions(fragment)
	c := Camera{Display: Display(address), Stall: d.Stall, MaxFrame: d.MaxFrame}
	if err == nil {
		c.Stall = cmp.Or(c.Stall, stream.DefaultStall)
		c.MaxFrame = cmp.Or(c.MaxFrame, DefaultMaxFrame)
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

func parseHTTP(address string, c *Camera, o *options, d Defaults) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return errors.New("the address makes no sense; it is of the form http://USER:PASSWORD@HOST:PORT/PATH, special characters percent-encoded")
	}
	h := &HTTP{URL: address, MaxFrame: c.MaxFrame, IdleTime: max(10*time.Second, c.Stall)}
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
