// Package idn converts names of hosts between Unicode and what DNS knows them by (IDNA, RFC 5891). It takes from net/http the
// Punycode that every program with net/http has: golang.org/x/net/idna would bring the same tables once more, which are 2 % of
// this program. Of Unicode's normalization it knows the accents of European languages.
package idn

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	prefix     = "xn--"  // of a label in ASCII that stands for another
	maxLabel   = 63      // bytes, RFC 1035 section 2.3.4
	maxUnicode = 1 << 10 // bytes of a name: in ASCII there are 253 at most
)

var errName = errors.New("not the name of a host")

// ToASCII returns a name as DNS knows it, in small letters. It fails where that cannot be, such as with blanks.
func ToASCII(name string) (string, error) {
	name = compose(strings.ToLower(strings.Map(narrow, name)))
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unfit) || len(name) > maxUnicode {
		return "", errName
	}
	name, err := punycode(name)
	if err != nil {
		return "", err
	}
	for label := range strings.SplitSeq(name, ".") {
		if len(label) > maxLabel {
			return "", errName
		}
	}
	return name, nil
}

// narrow returns the ordinary form of letters and full stops as keyboards of East Asia also type them.
func narrow(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '。', r == '｡':
		return '.'
	}
	return r
}

// unfit reports whether a character cannot be in a name: in ASCII, all but letters, digits and three others; beyond, what has no
// form of its own, numbers that look like several characters, and accents that belong to the letter before them.
func unfit(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._", r)
	case r == '\u200C', r == '\u200D': // between letters of Indic and Arabic scripts
		return false
	}
	return r == utf8.RuneError || !unicode.IsPrint(r) || unicode.Is(unicode.No, r) || r >= '\u0300' && r <= '\u036F'
}

// punycode encodes labels as net/http does for the Host of a request.
func punycode(name string) (string, error) {
	request := &http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "http", Host: name, Path: "/"}}
	var written strings.Builder
	if err := request.Write(&written); err != nil {
		return "", err
	}
	read, err := http.ReadRequest(bufio.NewReader(strings.NewReader(written.String())))
	if err != nil {
		return "", err
	}
	if read.Host == "" {
		return "", errName
	}
	return read.Host, nil
}

// ToUnicode returns a name as people write it. A name of which that is not certain stays as it is.
func ToUnicode(name string) string {
	if len(name) > maxUnicode {
		return name
	}
	labels := strings.Split(strings.ToLower(name), ".")
	for i, label := range labels {
		if encoded, ok := strings.CutPrefix(label, prefix); ok {
			decoded, err := decode(encoded)
			if err != nil {
				return name
			}
			labels[i] = decoded
		}
	}
	plain := strings.Join(labels, ".")
	if again, err := ToASCII(plain); err != nil || again != strings.ToLower(name) {
		return name
	}
	return plain
}

// decode decodes Punycode, RFC 3492 section 6.2, with the section's names.
func decode(encoded string) (string, error) {
	const base, tmin, tmax, skew, damp = 36, 1, 26, 38, 700
	var output []rune
	if b := strings.LastIndexByte(encoded, '-'); b > 0 {
		output, encoded = []rune(encoded[:b]), encoded[b+1:]
	}
	n, i, bias := 128, 0, 72
	in := strings.NewReader(encoded)
	for in.Len() > 0 {
		old, w := i, 1
		for k := base; ; k += base {
			c, err := in.ReadByte()
			digit := strings.IndexByte("abcdefghijklmnopqrstuvwxyz0123456789", c)
			if err == io.EOF || digit < 0 || digit > (unicode.MaxRune*maxLabel-i)/w {
				return "", errName
			}
			i += digit * w
			t := min(max(k-bias, tmin), tmax)
			if digit < t {
				break
			}
			if w *= base - t; w > unicode.MaxRune*maxLabel {
				return "", errName
			}
		}
		delta, points := (i-old)/2, len(output)+1
		if old == 0 {
			delta = i / damp
		}
		delta += delta / points
		for bias = 0; delta > (base-tmin)*tmax/2; bias += base {
			delta /= base - tmin
		}
		bias += (base - tmin + 1) * delta / (delta + skew)
		n += i / points
		i %= points
		if n > unicode.MaxRune {
			return "", errName
		}
		output = append(output[:i], append([]rune{rune(n)}, output[i:]...)...)
		i++
	}
	return string(output), nil
}
