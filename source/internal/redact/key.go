package redact

import (
	"net/url"
	"slices"
	"strings"
)

// keyNames are names of parameters, headers and fields whose values are secret, in lower case and without separators.
var keyNames = []string{
	"ak", "hash", "id_token", "k", "key", "nonce", "otp", "p", "pin", "psk", "pw", "sid", "sig", "sign", "sk", "t", "ticket", "u", "uid",
}

// keyParts make a secret of the value of any name that holds one.
var keyParts = []string{
	"account", "auth", "cookie", "cred", "jwt", "login", "pass", "psw", "pwd", "secret", "session", "signature", "token", "user", "usr",
}

// isKeyName reports whether the value of a name is a secret.
func isKeyName(name string) bool {
	name = strings.ToLower(name)
	name = strings.NewReplacer("_", "", "-", "", ".", "", "[", "", "]", "", "$", "").Replace(name)
	if slices.Contains(keyNames, name) || strings.HasSuffix(name, "key") {
		return true
	}
	return slices.ContainsFunc(keyParts, func(part string) bool { return strings.Contains(name, part) })
}

// keyFolders are names of folders in a path whose next piece is a secret.
var keyFolders = []string{
	"accesstoken", "apikey", "auth", "credential", "credentials", "hash", "jwt", "key", "keys", "pass", "passwd", "password", "pwd", "secret", "session",
	"sid", "sig", "signature", "token", "tokens",
}

// keysIn returns the pieces of a path, decoded, that look like a key or a login.
func keysIn(path string) (keys []string) {
	after := "" // the folder before
	for segment := range strings.SplitSeq(path, "/") {
		segment = unescapePath(segment)
		folder := after
		after = strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(segment))
		switch {
		case segment == "":
		case strings.ContainsAny(segment, "@:"), slices.Contains(keyFolders, folder):
			keys = append(keys, segment)
		case strings.Contains(segment, "="):
			keys = append(keys, inQuery(segment)...)
		default:
			keys = append(keys, randomRuns(segment)...)
		}
	}
	return keys
}

func unescapePath(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

func holdsKey(path string) bool { return len(keysIn(path)) > 0 }

// runs returns the runs of ASCII letters and digits in a text.
func runs(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return classOf(r) == other })
}

// A class is a kind of character.
type class int

const (
	other class = iota
	digit
	lower
	upper
)

// randomRuns returns the runs that look like keys.
func randomRuns(text string) []string {
	return slices.DeleteFunc(runs(text), func(run string) bool { return !looksRandom(run) })
}

func classOf(r rune) class {
	switch {
	case r >= '0' && r <= '9':
		return digit
	case r >= 'a' && r <= 'z':
		return lower
	case r >= 'A' && r <= 'Z':
		return upper
	}
	return other
}

// looksRandom reports whether a run of letters and digits looks like a key rather than a word or a number: it is long, or
// its letters and digits change often. Words such as videoStream2, 1280x720 or h264Preview do not.
func looksRandom(run string) bool {
	var count [4]int
	changes, hex, last := 0, true, other
	for _, r := range run {
		c := classOf(r)
		count[c]++
		if last != other && c != last && !(last == upper && c == lower) {
			changes++
		}
		hex = hex && (c == digit || r|0x20 <= 'f')
		last = c
	}
	letters := count[lower] + count[upper]
	switch n := len(run); {
	case letters == 0:
		return n >= 6
	case n >= 32, n >= 20 && count[digit] > 0:
		return true
	case hex && n >= 8 && count[digit] >= 2:
		return true
	case count[digit] == 0:
		return n >= 6 && changes >= 3 && 3*changes >= n
	default:
		return n >= 6 && changes >= 3 && 4*changes >= n
	}
}
