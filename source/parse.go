package source

import (
	"cmp"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
)

// A Spec is what a SOURCE string describes.
type Spec struct {
	Source   stream.Source
	Display  string        // what of the string may be shown, as by [Display]
	Stall    time.Duration // for [stream.Options]
	MaxFrame int           // for [stream.Options], in bytes
	Keep     bool          // for [stream.Options]: what comes must be read whether anybody looks or not
}

// Defaults are what holds where a SOURCE string says nothing else.
type Defaults struct {
	Stall    time.Duration // 0: [stream.DefaultStall]
	MaxFrame int           // in bytes; 0: [stream.DefaultMaxFrame]
	Instance string        // see [httpcam.Camera]

	Log   *slog.Logger        // for cameras that have something to say; nil: none
	Trace func(httpcam.Event) // for cameras that tell of their ways, see [httpcam.Camera]; nil: none
}

// forms lists what a SOURCE string may look like.
const forms = "http://HOST/PATH, https://HOST/PATH, pattern:, webcam://0, webcam://by-id/NAME, webcam://name/NAME, a number, /dev/videoN, " +
	"exec:COMMAND ARGS, file:PATH, - (standard input), mediadevices:LABEL"

// Parse reads a SOURCE string, and opens nothing: no device, no file. Options follow a #, as in #stall=60s&insecure,
// percent-encoded where need be. An error says what to do, and holds no secrets; it is for the caller to say which camera
// it is about.
func Parse(text string, d Defaults) (Spec, error) {
	address, fragment := cutOptions(text)
	parse := kinds[schemeOf(address)]
	if parse == nil {
		return Spec{}, errors.New("this is no source; one is " + forms + "; what else ffmpeg reads is exec:ffmpeg -i ADDRESS -f mjpeg -")
	}
	s := Spec{
		Display:  Display(text),
		Stall:    cmp.Or(d.Stall, stream.DefaultStall),
		MaxFrame: cmp.Or(d.MaxFrame, stream.DefaultMaxFrame),
	}
	o, err := parseOptions(fragment)
	if err == nil {
		o.duration("stall", &s.Stall)
		o.size("max-frame", &s.MaxFrame)
		err = parse(address, &s, o, d)
	}
	if err == nil {
		err = o.finish()
	}
	if err != nil {
		return Spec{}, err
	}
	return s, nil
}

// Check tells what is wrong with a camera beyond the string: an option that names a control that a webcam lacks, or a file
// that cannot be read. It opens the device or the file. A camera that is not there now has nothing wrong.
func (s Spec) Check() error {
	if c, ok := s.Source.(interface{ Check() error }); ok {
		return c.Check()
	}
	return nil
}

// named matches a string that is, or means to be, NAME=SOURCE: before the first "=" stands nothing that a SOURCE without a
// name must have there.
var named = regexp.MustCompile(`^([^=:/#]*)=(.*)$`)

// SplitName returns name and SOURCE of NAME=SOURCE; ok is false where the text is a SOURCE alone.
func SplitName(text string) (name, rest string, ok bool) {
	if m := named.FindStringSubmatch(text); m != nil {
		return m[1], m[2], true
	}
	return "", text, false
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
