// Package redact keeps secrets out of what people read. Its rules are the only ones in this program:
//
//   - Of an address, the scheme, the host and the port are shown, and the path unless a piece of it looks like a key. User
//     name, password, query and fragment are not: see [URL].
//   - Of a command, the name of its program is shown: see [Program].
//   - What others say, such as a camera, a command or a certificate, is cleaned by [Secrets.Hide] before a sentence of ours
//     repeats it: secrets that are known, encoded or in parts, and what looks like one by its form. It is cut only after that.
//   - Sentences of ours are left alone: a password that is an ordinary word would show by its absence.
package redact

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"mjpegazer/source/internal/idn"
)

// hidden stands for what is not shown.
const hidden = "…"

// URL returns what may be shown of an address: scheme, host, port and path. Where a piece of the path looks like a key, none
// of the path is shown.
func URL(u *url.URL) string {
	path := u.EscapedPath()
	if holdsKey(path) {
		path = "/" + hidden
	}
	if u.Host == "" {
		return u.Scheme + "://" + hidden
	}
	host := u.Host
	if name := u.Hostname(); strings.Contains(name, "xn--") { // as it was typed
		host = strings.Replace(host, name, idn.ToUnicode(name), 1)
	}
	return Printable(u.Scheme + "://" + host + path)
}

// Program returns what may be shown of a command: the name of its program, without folders.
func Program(args []string) string {
	if len(args) == 0 || strings.ContainsAny(args[0], "@=") || strings.Contains(args[0], "://") { // an address, or an argument, in the wrong place
		return hidden
	}
	return Printable(filepath.Base(args[0]))
}

// Printable returns what may be written to a terminal: control characters, those that change the direction of text or have
// no width, and what is no UTF-8 are removed. Line breaks and every kind of blank become spaces.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return -1
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
}

// Start returns the first bytes of a text, at most max, without a torn character.
func Start(text string, max int) string {
	if len(text) <= max {
		return text
	}
	for max > 0 && !utf8.RuneStart(text[max]) {
		max--
	}
	return text[:max]
}

// End returns the last bytes of a text, at most max, without a torn character.
func End(text string, max int) string {
	from := len(text) - max
	if from <= 0 {
		return text
	}
	for from < len(text) && !utf8.RuneStart(text[from]) {
		from++
	}
	return text[from:]
}

// Cause returns the error that err wraps, or err itself. Errors of package os repeat a path, and wrap one that does not.
func Cause(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}
