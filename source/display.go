package source

import (
	"cmp"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Display returns what of a SOURCE string may be shown: scheme, host and path, of a command its name. User names,
// passwords, queries, fragments and arguments hold secrets.
func Display(text string) string {
	address, _ := cutOptions(text)
	switch scheme := schemeOf(address); scheme {
	case "http", "https":
		u, err := url.Parse(address)
		if err != nil {
			return scheme + "://…"
		}
		return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	case "exec":
		args, err := splitCommand(address[len("exec:"):])
		if err != nil {
			return "exec:…"
		}
		return "exec:" + filepath.Base(args[0])
	case "":
		return "…"
	}
	return address
}

// secrets finds what must never be shown, whoever sends it back to us, in any case of letters; nil finds nothing.
type secrets struct{ *regexp.Regexp }

// minSecret is how short, in bytes, a secret may be to be looked for: a query's "1" is in too many words.
const minSecret = 4

// newSecrets finds the words that are long enough. What is no text is not shown as such anyway.
func newSecrets(words []string) secrets {
	words = slices.DeleteFunc(words, func(word string) bool { return len(word) < minSecret || !utf8.ValidString(word) })
	if len(words) == 0 {
		return secrets{}
	}
	// The longest first: what is left of a secret when a part of it has gone is still too much.
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	return secrets{regexp.MustCompile("(?i)" + strings.Join(slices.Compact(words), "|"))}
}

// secretsOf finds the secrets of an address and of header values sent with it.
func secretsOf(u *url.URL, header http.Header) secrets {
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
	return newSecrets(words)
}

// hide replaces every secret in text.
func (s secrets) hide(text string) string {
	if s.Regexp == nil {
		return text
	}
	return s.ReplaceAllLiteralString(text, "…")
}
