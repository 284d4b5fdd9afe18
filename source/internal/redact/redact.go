// Package redact keeps secrets out of what people read: addresses, messages of cameras and of commands, errors.
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

// URL returns what of an address may be shown: scheme, host and path. User names, passwords, queries and fragments hold
// secrets.
func URL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// Secrets finds words that must never be shown, in any case of letters, wherever they come from. The zero value finds
// nothing.
type Secrets struct{ words *regexp.Regexp }

// minSecret is how short, in bytes, a secret may be to be looked for: a query's "1" is in too many words.
const minSecret = 4

// New finds those of the words that are long enough. What is no text is not shown as such anyway.
func New(words []string) Secrets {
	words = slices.DeleteFunc(words, func(word string) bool { return len(word) < minSecret || !utf8.ValidString(word) })
	if len(words) == 0 {
		return Secrets{}
	}
	// The longest first: what is left of a secret when a part of it has gone is still too much.
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	return Secrets{regexp.MustCompile("(?i)" + strings.Join(slices.Compact(words), "|"))}
}

// Of finds the secrets of an address and of header values sent with it.
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

// Printable drops control characters, and what is no UTF-8, from what a camera or a command sent.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F || r == '\uFFFD' {
			return -1
		}
		return r
	}, s)
}

// Cause returns the error under one that repeats a file's name, as those of package os do.
func Cause(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}
