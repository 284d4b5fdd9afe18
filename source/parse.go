package source

import (
	"cmp"
	"errors"
	"log/slog"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"mjpegazer/source/httpcam"
	"mjpegazer/source/nats"
	"mjpegazer/source/variant"
	"mjpegazer/stream"
)

// A Spec is what a SOURCE string describes.
type Spec struct {
	Source   stream.Source
	Display  string        // what may be shown of the string, as by [Display]
	Stall    time.Duration // for [stream.Options]
	MaxFrame int           // for [stream.Options], in bytes
	Keep     bool          // for [stream.Options]: true for standard input, which must be read also without viewers

	// Offline is what viewers are to see while there is no picture: auto, card, last, error or file:PATH.
	Offline string

	// Camera is the name in camera:NAME. [Spec.View] must be called with its Stream, and the Stream of the variant should have
	// [stream.Options].NoStall. "" for all other sources.
	Camera string

	// NATS says that another machine publishes the camera: it is not to be published again.
	NATS bool

	variant variant.Source // as the options say
}

// Defaults apply where a SOURCE string says nothing else. The zero value will do.
type Defaults struct {
	Stall    time.Duration // 0: [stream.DefaultStall]
	MaxFrame int           // in bytes; 0: [stream.DefaultMaxFrame]
	Instance string        // of this program, see [httpcam.Camera]

	MaxPixels int            // of pictures that are changed; 0: [stream.DefaultMaxPixels]
	Limit     *variant.Limit // of how many pictures are changed at a time; nil: none
	Mirror    bool           // the pictures of all cameras are mirrored, but for variants of others and where an option says otherwise

	// Directory is where relative names of files begin, and where commands run; "": the working directory.
	Directory string

	NATS *nats.Connections // that cameras share; nil: each has its own

	Log   *slog.Logger        // of webcams and HTTP cameras, see [webcam.Camera] and [httpcam.Camera]; nil: none
	Trace func(httpcam.Event) // of HTTP cameras, see [httpcam.Camera]; nil: none

	rewrite func(address string) (string, error) // of HTTP cameras; nil: they stay as they are
}

// Parse reads a SOURCE string. It opens nothing: no device, no file, no connection. Options follow a #, as in
// #stall=60s&insecure, percent-encoded where necessary. An error says what to do and holds no secrets; the caller adds
// which camera it is about.
func Parse(text string, d Defaults) (Spec, error) {
	address, fragment := cutOptions(text)
	parse := kinds[schemeOf(address)]
	if parse == nil {
		return Spec{}, errors.New("not a source. Forgot http://? For RTSP: 'exec:ffmpeg -i … -q:v 5 -f mjpeg -'. A file is file:PATH. -h lists all kinds")
	}
	s := Spec{
		Display:  Display(text),
		Stall:    cmp.Or(d.Stall, stream.DefaultStall),
		MaxFrame: cmp.Or(d.MaxFrame, stream.DefaultMaxFrame),
		Offline:  "auto",
	}
	o, err := parseOptions(fragment)
	if err == nil {
		o.duration("stall", &s.Stall)
		o.size("max-frame", &s.MaxFrame)
		o.each("offline", "auto, card, last, error or file:PATH", func(value string) error { return s.parseOffline(value, d) })
		s.variant.Mirror = d.Mirror && schemeOf(address) != "camera"
		parseVariant(o, &s.variant)
		err = parse(address, &s, o, d)
	}
	if err == nil {
		err = o.finish()
	}
	if err == nil {
		err = s.finishVariant(d)
	}
	if err != nil {
		return Spec{}, err
	}
	return s, nil
}

func (s *Spec) parseOffline(value string, d Defaults) error {
	path, ok := strings.CutPrefix(value, "file:")
	switch {
	case ok && path != "":
		value = "file:" + d.below(path)
	case value != "auto" && value != "card" && value != "last" && value != "error":
		return strconv.ErrSyntax
	}
	s.Offline = value
	return nil
}

// Check finds mistakes that [Parse] cannot see, and opens the device or the file for that: controls that a webcam does not
// have, a CA file that cannot be read. It connects to nothing, and returns nil for a webcam that is not plugged in.
func (s Spec) Check() error {
	if path, ok := strings.CutPrefix(s.Offline, "file:"); ok {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return errors.New("option offline: the file cannot be read: give the name of a JPEG file")
		}
	}
	from := s.Source
	if v, ok := from.(*variant.Source); ok {
		from = v.From
	}
	if c, ok := from.(interface{ Check() error }); ok {
		return c.Check()
	}
	return nil
}

// named matches a string that is, or is meant to be, NAME=SOURCE: before its first "=" there is no character that every
// SOURCE without a name has there.
var named = regexp.MustCompile(`^([^=:/#]*)=(.*)$`)

// SplitName splits NAME=SOURCE. For a SOURCE without a name, ok is false and rest is the text. The name may be unusable, or
// empty.
func SplitName(text string) (name, rest string, ok bool) {
	if m := named.FindStringSubmatch(text); m != nil {
		return m[1], m[2], true
	}
	return "", text, false
}

// schemeOf returns the key in kinds of a SOURCE string without options, or "".
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

// cutOptions separates the options from a SOURCE string. The name of a file may hold a # itself, so the last one counts. In
// the address of a camera, a # that no option follows may belong to a password that is not encoded; then nothing is cut off.
func cutOptions(text string) (address, fragment string) {
	text = strings.Trim(text, "\r\n")
	if scheme, _, _ := strings.Cut(text, ":"); !strings.EqualFold(scheme, "file") { // a name may begin or end with a blank
		text = strings.TrimSpace(text)
	}
	at := strings.IndexByte(text, '#')
	switch scheme, _, _ := strings.Cut(text, ":"); strings.ToLower(scheme) {
	case "exec":
		at = endOfCommand(text)
	case "file":
		at = strings.LastIndexByte(text, '#')
	case "http", "https":
		if option := optionStart.FindStringIndex(text); option != nil {
			at = option[0]
		} else if _, err := httpcam.ParseURL(text); err != nil {
			at = -1
		}
	}
	if at < 0 {
		return text, ""
	}
	return text[:at], text[at+1:]
}

// optionStart matches a # and the name of an option, or the end.
var optionStart = regexp.MustCompile(`#([a-z][a-z0-9-]*(=|&|$)|$)`)

const blanks = " \t\n"

// endOfCommand returns the index of the # between a command and its options, or -1. It is outside of quotes, and no blank
// follows: a # that does not begin options belongs to the command.
func endOfCommand(text string) int {
	end, quote := -1, byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quote != '\'':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'':
			quote = c
		case c == '#':
			end = i
		case strings.IndexByte(blanks, c) >= 0:
			end = -1
		}
	}
	return end
}
