package source

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
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

// secrets are the strings that must never be shown, whoever sends them back to us.
type secrets []string

// minSecret is how short, in bytes, a secret may be to be looked for: a query's "1" is in too many words.
const minSecret = 4

// secretsOf collects the secrets of an address and of header values sent with it.
func secretsOf(u *url.URL, header map[string][]string) secrets {
	var s secrets
	add := func(text string) {
		for _, form := range []string{text, url.QueryEscape(text), url.PathEscape(text)} {
			if len(form) >= minSecret && !slices.Contains(s, form) {
				s = append(s, form)
			}
		}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		add(password)
		add(u.User.Username())
		add(u.User.String())
	}
	add(u.RawQuery)
	add(u.Fragment)
	for _, values := range u.Query() {
		for _, value := range values {
			add(value)
		}
	}
	for _, values := range header {
		for _, value := range values {
			add(value)
		}
	}
	// The longest first: what is left of a secret when a part of it has gone is still too much.
	slices.SortFunc(s, func(a, b string) int { return len(b) - len(a) })
	return s
}

// hide replaces every secret in text.
func (s secrets) hide(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, "…")
	}
	return text
}
