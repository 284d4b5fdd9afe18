package redact

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// What looks like a secret by its form, in any text.
var (
	addressForm = regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*:/+)(\S*)`)
	loginForm   = regexp.MustCompile(`[^\s/@:"'<>(]+:[^\s@/][^\s@]*@`)
	pairForm    = regexp.MustCompile(`(?i)([a-z][\w.\[\]$-]*)(["']?\s*[=:>]\s*["']?)([^\s&;,"'<>]+)`)
	optionForm  = regexp.MustCompile(`(?i)(^|\s)--?([a-z][\w.-]*)\s+([^\s-]\S*)`)
	headerForm  = regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(["']?\s*[:=]\s*["']?)([^"'\r\n]+)`)
	schemeForm  = regexp.MustCompile(`(?i)\b(basic|bearer|token)(\s+)([A-Za-z0-9+/_.~-]+=*)`)
)

// forms are the forms, and what is left of a match.
var forms = []struct {
	form *regexp.Regexp
	keep func(groups []string) string
}{
	{headerForm, func(g []string) string { return g[1] + g[2] + hidden }},
	{schemeForm, func(g []string) string {
		if !isCredential(g[3]) {
			return g[0]
		}
		return g[1] + g[2] + hidden
	}},
	{addressForm, func(g []string) string { return g[1] + shownOfAddress(g[2]) }},
	{loginForm, func(g []string) string {
		if strings.Contains(g[0], "://") { // which was done above
			return g[0]
		}
		return hidden + "@"
	}},
	{pairForm, func(g []string) string {
		if !isKeyName(g[1]) || strings.HasPrefix(g[3], "//") { // a word before an address
			return g[0]
		}
		return g[1] + g[2] + hidden
	}},
	{optionForm, func(g []string) string {
		if !isKeyName(g[2]) || len(g[2]) < 3 {
			return g[0]
		}
		return strings.TrimSuffix(g[0], g[3]) + hidden
	}},
}

// hideForms replaces what looks like a secret by its form: the login, query and key of an address, the values of names such
// as password or token, credentials of HTTP.
func hideForms(text string) string {
	for _, f := range forms {
		text = f.form.ReplaceAllStringFunc(text, func(match string) string { return f.keep(f.form.FindStringSubmatch(match)) })
	}
	return text
}

// isCredential reports whether a word after Basic or Bearer is one, and not the next word of a sentence.
func isCredential(word string) bool {
	if decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(word, "=")); err == nil && strings.Contains(string(decoded), ":") {
		return true
	}
	return looksRandom(word) || strings.HasSuffix(word, "=") || len(word) >= 20
}

// shownOfAddress returns what is shown of an address in a text; rest is what follows its scheme, up to the next blank.
func shownOfAddress(rest string) string {
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = hidden + rest[at:]
	}
	rest, _, more := cutAny(rest, "?#")
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		if holdsKey(strings.TrimRight(rest[slash:], ":.,;)'\"]")) {
			return rest[:slash] + "/" + hidden
		}
	}
	if more {
		rest += "?" + hidden
	}
	return rest
}

func cutAny(s, chars string) (before, after string, found bool) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// inForms returns the secrets that a text holds by its form: the login, the query and the keys of addresses, the values of
// names such as password.
func inForms(text string) (words []string) {
	for _, match := range addressForm.FindAllStringSubmatch(text, -1) {
		words = append(words, inAddress(match[2])...)
	}
	for _, match := range pairForm.FindAllStringSubmatch(text, -1) {
		if isKeyName(match[1]) {
			words = append(words, match[3])
		}
	}
	for _, match := range schemeForm.FindAllStringSubmatch(text, -1) {
		if isCredential(match[3]) {
			words = append(words, inCredential(match[3])...)
		}
	}
	return words
}

// inEnvironment returns the secrets of variables, NAME=VALUE: those of a name such as DOOR_PASSWORD, and those of addresses. Who
// is logged in, and where, is none.
func inEnvironment(environ []string) (words []string) {
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		harmless := slices.Contains([]string{"PWD", "OLDPWD", "USER", "LOGNAME", "USERNAME"}, name) || strings.HasPrefix(name, "XDG_") || strings.HasPrefix(name, "SSH_") || strings.HasPrefix(name, "SUDO_")
		if !harmless && len(name) > 2 && isKeyName(name) {
			words = append(words, value)
		}
		words = append(words, inForms(value)...)
	}
	return words
}

// inCredential returns the secrets in what follows Basic or Bearer.
func inCredential(word string) []string {
	words := []string{word}
	if decoded, err := base64.StdEncoding.DecodeString(word); err == nil {
		user, password, _ := strings.Cut(string(decoded), ":")
		words = append(words, user, password)
	}
	return words
}

// inAddress returns the secrets in what follows the scheme of an address.
func inAddress(rest string) (words []string) {
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, password, _ := strings.Cut(rest[:at], ":")
		words, rest = append(words, user, password), rest[at+1:]
	}
	rest, query, _ := cutAny(rest, "?#")
	_, path, _ := strings.Cut(rest, "/")
	return append(append(words, keysIn(path)...), inQuery(query)...)
}

// inQuery returns the values of a query that are secrets by their names, or look like keys.
func inQuery(query string) (words []string) {
	for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' || r == '?' }) {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			name, value = "", pair
		}
		plain := unescape(value)
		switch {
		case isKeyName(unescape(name)):
			words = append(words, plain)
		case strings.Contains(plain, ":/"):
			words = append(words, inForms(plain)...)
		case strings.Contains(plain, "@"):
			words = append(words, plain)
		default:
			words = append(words, randomRuns(plain)...)
		}
	}
	return words
}

// unescape undoes percent-encoding, or returns what cannot be undone.
func unescape(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}
