package source

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"mjpegazer/source/httpcam"
	"mjpegazer/source/internal/redact"
	"mjpegazer/source/pattern"
	"mjpegazer/source/pipe"
	"mjpegazer/source/webcam"
)

// kinds are the kinds of cameras, by what schemeOf returns.
var kinds = map[string]func(address string, s *Spec, o *options, d Defaults) error{
	"camera":       parseCamera,
	"http":         parseHTTP,
	"https":        parseHTTP,
	"pattern":      parsePattern,
	"webcam":       parseWebcam,
	"mediadevices": parseMediaDevice,
	"nats":         parseNATS,
	"tls":          parseNATS,
	"wss":          parseNATS,
	"exec":         parseCommand,
	"file":         parseFile,
	"-":            parseInput,
}

func parseCommand(address string, s *Spec, o *options, d Defaults) error {
	o.hint = "a # of the command itself goes in quotes"
	args, err := pipe.SplitCommand(address[len("exec:"):])
	s.Source = &pipe.Command{Args: args, Directory: d.Directory, MaxFrame: s.MaxFrame}
	return err
}

// below returns the name of a file that the user gave.
func (d Defaults) below(path string) string {
	if d.Directory == "" || path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.Directory, path)
}

func parseFile(address string, s *Spec, o *options, d Defaults) error {
	o.hint = "where the # belongs to the name, add another # at the end"
	f := &pipe.File{Path: d.below(address[len("file:"):]), MaxFrame: s.MaxFrame}
	if f.Path == "" {
		return errors.New("the name of the file is missing: file:PATH")
	}
	o.rate("fps", &f.FPS)
	o.flag("loop", &f.Loop)
	o.flag("follow", &f.Follow)
	s.Source = f
	return nil
}

func parseInput(_ string, s *Spec, _ *options, _ Defaults) error {
	s.Source, s.Keep = &pipe.Input{Reader: os.Stdin, MaxFrame: s.MaxFrame}, true
	return nil
}

func parseHTTP(address string, s *Spec, o *options, d Defaults) error {
	if _, err := httpcam.ParseURL(address); err != nil {
		return err
	}
	h := &httpcam.Camera{
		URL: address, MaxFrame: s.MaxFrame, HeadTime: max(10*time.Second, s.Stall), IdleTime: max(10*time.Second, s.Stall),
		Instance: d.Instance, Log: d.Log, Trace: d.Trace,
	}
	o.each("also", "", func(value string) error {
		h.Also = append(h.Also, value)
		return nil
	})
	if err := cmp.Or(checkAlso(h.Also), parseIdle(o, s, h), rewrite(h, d)); err != nil {
		return err
	}
	if d.rewrite != nil {
		u, _ := httpcam.ParseURL(h.URL) // names of cameras break no address
		s.Display = redact.URL(u)
	}
	o.flag("ipv4", &h.IPv4)
	o.duration("poll", &h.Poll)
	o.number("skip", 0, 100, &h.Skip)
	o.header("header", &h.Header)
	o.method("method", &h.Method)
	o.text("body", &h.Body)
	o.flag("gzip", &h.Gzip)
	var auth string
	if o.text("auth", &auth); auth != "" && auth != "basic" {
		return errors.New("option auth must be basic; leave it out to let the camera choose")
	}
	h.Basic = auth == "basic"
	var redirects string
	if o.text("redirects", &redirects); redirects != "" && redirects != "any" {
		return errors.New("option redirects must be any; leave it out to follow redirects only to the camera itself and its relatives")
	}
	h.AnyRedirect = redirects == "any"
	o.flag("insecure", &h.Insecure)
	o.text("ca", &h.CA)
	h.CA = d.below(h.CA)
	o.pin("pin", &h.Pin)
	s.Source = h
	return nil
}

// rewrite changes the addresses of a camera of a [Template].
func rewrite(h *httpcam.Camera, d Defaults) (err error) {
	if d.rewrite == nil {
		return nil
	}
	if h.URL, err = d.rewrite(h.URL); err != nil {
		return err
	}
	for i := range h.Also {
		if h.Also[i], err = d.rewrite(h.Also[i]); err != nil {
			return err
		}
	}
	return nil
}

// checkAlso says what is wrong with further addresses.
func checkAlso(addresses []string) error {
	for _, address := range addresses {
		if _, err := httpcam.ParseURL(address); err != nil {
			return fmt.Errorf("option also: %w; in an option write %% as %%25, & as %%26 and # as %%23", err)
		}
	}
	if len(addresses) > maxAlso {
		return fmt.Errorf("option also may be repeated %d times at most", maxAlso)
	}
	return nil
}

const maxAlso = 8

// parseIdle reads after what silence a session ends, connecting and the head of the answer included.
func parseIdle(o *options, s *Spec, h *httpcam.Camera) error {
	var idle time.Duration
	o.duration("idle", &idle)
	switch {
	case idle == 0:
		return nil
	case idle < leastIdle:
		return fmt.Errorf("option idle must be at least %v", leastIdle)
	case idle >= s.Stall:
		return fmt.Errorf("option idle must be below stall, which is %v", s.Stall)
	}
	h.IdleTime, h.HeadTime, h.DialTime = idle, idle, min(idle, 5*time.Second)
	return nil
}

// leastIdle is less than pictures of any camera and a busy network need.
const leastIdle = 100 * time.Millisecond

func parsePattern(address string, s *Spec, o *options, _ Defaults) error {
	if _, rest, _ := strings.Cut(address, ":"); rest != "" {
		return errors.New("nothing but options may follow pattern:, as in pattern:#width=640&height=480&fps=10")
	}
	c := pattern.Camera{}
	parsePreferences(o, &c.Width, &c.Height, &c.FPS, &c.Quality)
	s.Source = c
	return c.Check()
}

// isWebcam reports whether a SOURCE string is the number or the node of a webcam, which have no scheme.
func isWebcam(text string) bool {
	address, _, _ := strings.Cut(text, "#")
	_, err := strconv.ParseUint(address, 10, 16)
	return err == nil || strings.HasPrefix(address, "/dev/")
}

func parseWebcam(address string, s *Spec, o *options, d Defaults) error {
	if _, rest, ok := strings.Cut(address, ":"); ok && !isWebcam(address) {
		var err error
		if address, err = url.PathUnescape(strings.TrimPrefix(rest, "//")); err != nil {
			return errors.New("the address is not percent-encoded correctly: write a percent sign as %25")
		}
	}
	_, notNumber := strconv.ParseUint(address, 10, 16)
	if kind, name, _ := strings.Cut(address, "/"); notNumber != nil && (name == "" || kind != "" && kind != "by-id" && kind != "name") {
		return errors.New("a webcam is webcam://0, webcam:///dev/video0, webcam://by-id/NAME or webcam://name/NAME; `mjpegazer webcams` lists them")
	}
	w := &webcam.Camera{Address: address, Log: d.Log}
	parsePreferences(o, &w.Width, &w.Height, &w.FPS, &w.Quality)
	o.each("format", "one of "+strings.Join(webcam.Formats(), ", "), func(value string) error {
		w.Format = value
		if !webcam.IsFormat(value) {
			return strconv.ErrSyntax
		}
		return nil
	})
	w.Controls = o.rest()
	s.Source = w
	return nil
}

func parseMediaDevice(address string, s *Spec, o *options, _ Defaults) error {
	_, label, _ := strings.Cut(address, ":")
	label, err := url.PathUnescape(label)
	if err != nil || label == "" {
		return errors.New("a driver of pion/mediadevices is mediadevices:LABEL, percent-encoded where necessary")
	}
	m := &webcam.MediaDevice{Label: label}
	parsePreferences(o, &m.Width, &m.Height, &m.FPS, &m.Quality)
	s.Source = m
	return nil
}

// parsePreferences reads the options of all cameras whose pictures are made here.
func parsePreferences(o *options, width, height *int, fps *float64, quality *int) {
	const maxSide = 1<<16 - 1
	o.number("width", 1, maxSide, width)
	o.number("height", 1, maxSide, height)
	o.number("quality", 1, 100, quality)
	o.rate("fps", fps)
}
