package document

import (
	"errors"
	"fmt"
	"strings"
)

// Source is [Value.Expanded] for a SOURCE string. A value that is all of it stays as it is; one within an address, or among
// the options that follow a #, is percent-encoded; one within a command is a part of the word where it stands, whatever
// it holds.
func (v Value) Source(lookup Lookup) (text string, ok bool) {
	return v.expand(lookup, joinSource)
}

func joinSource(segments []segment, values []string) string {
	if len(segments) == 1 {
		return segments[0].literal + values[0]
	}
	var b strings.Builder
	hash := false
	for i, s := range segments {
		hash = hash || strings.Contains(s.literal, "#")
		if s.name == "" {
			b.WriteString(s.literal)
			continue
		}
		b.WriteString(place{b.String(), outline(segments[i+1:])}.fit(values[i]))
	}
	if !hash && kindOf(b.String()) == "file" {
		b.WriteByte('#') // the last # begins the options: one in a value does not
	}
	return b.String()
}

// outline is what follows, with a letter for each value.
func outline(segments []segment) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteString(s.literal)
		if s.name != "" {
			b.WriteByte('x')
		}
	}
	return b.String()
}

// kindOf is the kind of a SOURCE string as far as its first word says it.
func kindOf(text string) string {
	kind, _, found := strings.Cut(text, ":")
	if !found {
		return ""
	}
	return strings.ToLower(kind)
}

// A place is where in a SOURCE string a value goes.
type place struct{ before, after string }

// fit makes a value fit.
func (p place) fit(value string) string {
	kind := kindOf(p.before)
	word, quote := p.before, byte(0)
	if kind == "exec" {
		c := scanCommand(p.before)
		word, quote = p.before[c.word:], c.quote
	}
	switch {
	case p.inOptions(kind):
		if p.inAlso() && !(p.isHost(p.before) && isHostText(value)) {
			value = percentEncode(value) // for the address in the option
		}
		return percentEncode(value)
	case strings.Contains(word, "://"):
		if p.isHost(word) && isHostText(value) {
			return value
		}
		return percentEncode(value)
	case kind == "exec":
		return quoteFor(quote, value)
	case kind == "webcam" || kind == "mediadevices":
		return percentEncode(value)
	}
	return value
}

// inOptions reports whether the place follows the # that begins the options.
func (p place) inOptions(kind string) bool {
	switch kind {
	case "exec":
		hash := scanCommand(p.before + "x" + p.after).hash
		return hash >= 0 && hash < len(p.before)
	case "file":
		return strings.Contains(p.before, "#") && !strings.Contains(p.after, "#")
	}
	return strings.Contains(p.before, "#")
}

// inAlso reports whether the place is in an option that is an address itself.
func (p place) inAlso() bool {
	return strings.HasPrefix(p.before[strings.LastIndexAny(p.before, "#&")+1:], "also=")
}

// isHost reports whether the place is in an address's host and port: after its // and any user, before its path.
func (p place) isHost(word string) bool {
	_, authority, _ := cutLast(word, "://")
	if strings.ContainsAny(authority, "/?#") {
		return false
	}
	rest := p.after
	if end := strings.IndexAny(rest, "/?# \t\n\"'"); end >= 0 {
		rest = rest[:end]
	}
	return !strings.Contains(rest, "@")
}

// isHostText reports whether a value may be a part of host and port as it is.
func isHostText(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool {
		return !isUnreserved(r) && !strings.ContainsRune(":[]", r)
	})
}

func isUnreserved(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~", r)
}

// percentEncode encodes all but what RFC 3986, section 2.3, calls unreserved.
func percentEncode(value string) string {
	var b strings.Builder
	for i := range len(value) {
		if c := value[i]; isUnreserved(rune(c)) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// A command is what is known of the text of one, up to its end.
type command struct {
	word  int  // where the last word begins
	quote byte // the quote that is open; 0: none
	hash  int  // the # that begins the options, which is outside of quotes and has no blank behind it; -1: none
}

func scanCommand(text string) command {
	c := command{hash: -1}
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case b == '\\' && c.quote != '\'':
			i++
		case c.quote != 0 && b == c.quote:
			c.quote = 0
		case c.quote != 0:
		case b == '"' || b == '\'':
			c.quote = b
		case b == '#':
			c.hash = i
		case strings.IndexByte(" \t\n", b) >= 0:
			c.word, c.hash = i+1, -1
		}
	}
	return c
}

// quoteFor makes a value a part of a command's word, within the quote that is open there.
func quoteFor(quote byte, value string) string {
	switch {
	case quote == 0 && value == "":
		return "''"
	case quote == '\'':
		return strings.ReplaceAll(value, "'", `'\''`)
	}
	var b strings.Builder
	for i := range len(value) {
		if strings.IndexByte(" \t\n\"'\\#", value[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(value[i])
	}
	return b.String()
}

func cutLast(text, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}

// WithPassword puts a password beside the user of an address.
func WithPassword(address, password string) (string, error) {
	scheme, rest, found := strings.Cut(address, "://")
	if !found || strings.ContainsAny(scheme, " #/:") {
		return "", errors.New("a password needs an address to go into, such as http://USER@HOST/PATH")
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	user, host, found := cutLast(rest[:end], "@")
	switch {
	case !found || user == "":
		return "", errors.New("the address names no user whose password this is: write it as http://USER@HOST/PATH")
	case strings.Contains(user, ":"):
		return "", errors.New("the address has a password already: take one of them away")
	}
	return scheme + "://" + user + ":" + percentEncode(password) + "@" + host + rest[end:], nil
}

// An Option is one of a SOURCE string.
type Option struct{ Name, Value string }

// WithOptions adds options to a SOURCE string. A # that a command or a file's name holds belongs to it then.
func WithOptions(source string, options ...Option) string {
	if len(options) == 0 {
		return source
	}
	var b strings.Builder
	b.WriteString(source)
	separator := "#"
	if kind := kindOf(source); strings.Contains(source, "#") && kind != "exec" && kind != "file" || strings.HasSuffix(source, "#") {
		separator = "&"
	}
	for _, o := range options {
		b.WriteString(separator + percentEncode(o.Name))
		if o.Value != "" {
			b.WriteString("=" + percentEncode(o.Value))
		}
		separator = "&"
	}
	return b.String()
}
