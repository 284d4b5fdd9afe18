package httpcam

import (
	"net/http"
	"strings"

	"github.com/icholy/digest"
)

// A challenge is one way to log in that a camera offers, RFC 9110 section 11.3.
type challenge struct {
	scheme string // in lower case
	params map[string]string
}

// challengesOf reads the WWW-Authenticate headers: several challenges in one header or in several, also without commas and
// quotes.
func challengesOf(header http.Header) []challenge {
	var all []challenge
	for _, text := range header.Values("Www-Authenticate") {
		begun := false
		for text = trimList(text); text != ""; text = trimList(text) {
			var name, value string
			var isParam bool
			name, value, isParam, text = cutParam(text)
			if !isParam || !begun {
				c := challenge{params: map[string]string{}}
				if !isParam {
					c.scheme = strings.ToLower(name)
				}
				all, begun = append(all, c), true
			}
			if params := all[len(all)-1].params; isParam && len(params) < maxLines {
				params[strings.ToLower(name)] = value
			}
		}
	}
	return all
}

func trimList(s string) string { return strings.TrimLeft(s, " \t,") }

// cutParam cuts name=value, or a single word, off text, which must not begin with a separator.
func cutParam(text string) (name, value string, isParam bool, rest string) {
	end := strings.IndexAny(text, " \t,=")
	if end < 0 {
		return text, "", false, ""
	}
	name, rest = text[:end], text[end:]
	after, isParam := strings.CutPrefix(strings.TrimLeft(rest, " \t"), "=")
	if !isParam {
		return name, "", false, rest
	}
	after = strings.TrimLeft(after, " \t")
	if strings.HasPrefix(after, `"`) {
		value, rest = cutQuoted(after[1:])
		return name, value, true, rest
	}
	value, rest, _ = strings.Cut(after, ",")
	// A value may hold spaces, but not the next parameter.
	if next := strings.IndexByte(value, '='); next >= 0 {
		if space := strings.LastIndexAny(value[:next], " \t"); space >= 0 {
			value, rest = value[:space], after[space:]
		}
	}
	return name, strings.TrimRight(value, " \t"), true, rest
}

// cutQuoted cuts a quoted string off text, which begins after the opening quote.
func cutQuoted(text string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), text[i+1:]
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// strength ranks the challenges that can be answered; 0 stands for all others.
func (c challenge) strength() int {
	switch {
	case c.scheme == "basic":
		return 1
	case c.scheme != "digest" && c.scheme != "" || c.params["nonce"] == "":
		return 0
	}
	return strengths[hashOf(c.params["algorithm"])]
}

// strongest returns the challenge of a header that is best answered; its strength is 0 where none can be.
func strongest(header http.Header) (best challenge) {
	for _, c := range challengesOf(header) {
		if c.strength() > best.strength() {
			best = c
		}
	}
	return best
}

// answerable reports whether a header holds a challenge that can be answered.
func answerable(header http.Header) bool { return strongest(header).strength() > 0 }

// strengths are those of the hashes of Digest.
var strengths = map[string]int{"MD5": 2, "SHA-512-256": 3, "SHA-512": 4, "SHA-256": 5}

// hashOf returns the name of the hash of a Digest algorithm.
func hashOf(algorithm string) string {
	name := strings.ReplaceAll(strings.ToUpper(algorithm), "_", "-")
	name = strings.TrimSuffix(name, "-SESS")
	if name == "" {
		return "MD5"
	}
	return strings.Replace(name, "SHA256", "SHA-256", 1)
}

// isSession reports whether the hash of user and password includes the first nonces, RFC 7616 section 3.4.2.
func isSession(algorithm string) bool { return strings.HasSuffix(strings.ToUpper(algorithm), "-SESS") }

// digest returns c for the digest package. An unknown quality of protection counts as none.
func (c challenge) digest() *digest.Challenge {
	d := &digest.Challenge{
		Realm: c.params["realm"], Nonce: c.params["nonce"], Opaque: c.params["opaque"], Algorithm: hashOf(c.params["algorithm"]),
		Userhash: strings.EqualFold(c.params["userhash"], "true"),
	}
	for word := range strings.FieldsFuncSeq(c.params["qop"], func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		if word = strings.ToLower(word); word == "auth" || word == "auth-int" {
			d.QOP = append(d.QOP, word)
		}
	}
	return d
}
