// Package redact keeps secrets out of what people read: addresses, errors, and what cameras and commands say.
package redact

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// URL returns what may be shown of an address: scheme, host and path. User name, password, query and fragment may be secret.
func URL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// Secrets finds words that must not be shown, in any case of letters. The zero value finds nothing.
type Secrets struct{ words *regexp.Regexp }

// minSecret is the length of the shortest secret, in bytes: the "1" of a query is in too many words.
const minSecret = 4

// New returns the Secrets that find the words, except those of less than 4 bytes and those that are no UTF-8, which is never
// shown.
func New(words []string) Secrets {
	words = slices.DeleteFunc(words, func(word string) bool { return len(word) < minSecret || !utf8.ValidString(word) })
	if len(words) == 0 {
		return Secrets{}
	}
	// The longest first: what is left of a secret without a part of it may still be too much.
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	return Secrets{regexp.MustCompile("(?i)" + strings.Join(slices.Compact(words), "|"))}
}

// Of returns the Secrets that find the user name, password, query and fragment of an address and the values of headers, plain
// and encoded.
func Of(u *url.URL, header http.Header) Secrets {
	words := []string{u.RawQuery, u.Fragment}
	if u.User != nil {
		password, _ := u.User.Password()
		words = append(words, u.User.Username(), password, u.User.String())
	}
	for _, values := range u.Query() {
		words = append(words, values...)
	}
	for _, values := range header {
		words = append(words, values...)
	}
	for _, word := range slices.Clone(words) {
		words = append(words, url.QueryEscape(word), url.PathEscape(word))
	}
	return New(words)
}

// Hide replaces every secret in text.
func (s Secrets) Hide(text string) string {
	if s.words == nil {
		return text
	}
	return s.words.ReplaceAllLiteralString(text, "…")
}

// Printable removes control characters and what is no UTF-8.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F || r == '\uFFFD' {
			return -1
		}
		return r
	}, s)
}

// Cause returns the error that err wraps, or err itself. Errors of package os repeat a path, and wrap one that does not.
func Cause(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}
