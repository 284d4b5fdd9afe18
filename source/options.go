package source

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options are those of a SOURCE string. Each method that reads one adds its name to the known ones.
type options struct {
	given []option
	known []string
	hint  string // for an error about an unknown option; "": none
	err   error  // the first
}

type option struct {
	name, value string
	used        bool
}

// parseOptions reads a=b&c, percent-encoded. A + stands for itself.
func parseOptions(fragment string) (*options, error) {
	o := &options{}
	for text := range strings.SplitSeq(fragment, "&") {
		if text == "" {
			continue
		}
		name, value, _ := strings.Cut(text, "=")
		name, err1 := url.PathUnescape(name)
		var err2 error
		if name == "text" {
			value = unescapeText(value)
		} else {
			value, err2 = url.PathUnescape(value)
		}
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("the %s option after # is not percent-encoded correctly: write a percent sign as %%25", ordinal(len(o.given)+1))
		}
		o.given = append(o.given, option{name: name, value: value})
	}
	return o, nil
}

// each calls set with every value given for an option.
func (o *options) each(name, form string, set func(value string) error) {
	o.known = append(o.known, name)
	for i := range o.given {
		option := &o.given[i]
		if option.name != name {
			continue
		}
		option.used = true
		if set(option.value) != nil && o.err == nil {
			o.err = fmt.Errorf("option %s must be %s", name, form)
		}
	}
}

// finish returns the first error, such as an unknown option. It does not repeat the name of that: it may be a secret in the
// wrong place.
func (o *options) finish() error {
	for i, option := range o.given {
		if !option.used && o.err == nil {
			slices.Sort(o.known)
			o.err = fmt.Errorf("unknown option (the %s after #). Known here: %s", ordinal(i+1), strings.Join(o.known, ", "))
			if name := Nearest(option.name, o.known); name != "" {
				o.err = fmt.Errorf("%w; did you mean %s?", o.err, name)
			}
			if o.hint != "" {
				o.err = fmt.Errorf("%w; %s", o.err, o.hint)
			}
		}
	}
	return o.err
}

// ordinal returns 1st, 2nd, 3rd and so on.
func ordinal(n int) string {
	ending := "th"
	if n/10%10 != 1 && n%10 <= 3 {
		ending = [...]string{"th", "st", "nd", "rd"}[n%10]
	}
	return strconv.Itoa(n) + ending
}

// rest returns the options that no method has read, for a camera that knows their names itself.
func (o *options) rest() map[string]string {
	var rest map[string]string
	for i := range o.given {
		if option := &o.given[i]; !option.used {
			if rest == nil {
				rest = map[string]string{}
			}
			rest[option.name], option.used = option.value, true
		}
	}
	return rest
}

func (o *options) text(name string, to *string) {
	o.each(name, "followed by = and a value", func(value string) error {
		*to = value
		if value == "" {
			return strconv.ErrSyntax
		}
		return nil
	})
}

func (o *options) flag(name string, to *bool) {
	o.each(name, "without a value, or be true or false", func(value string) (err error) {
		*to = true
		if value != "" {
			*to, err = strconv.ParseBool(value)
		}
		return err
	})
}

func (o *options) number(name string, least, most int, to *int) {
	o.each(name, fmt.Sprintf("a number from %d to %d", least, most), func(value string) (err error) {
		if *to, err = strconv.Atoi(value); err == nil && (*to < least || *to > most) {
			err = strconv.ErrRange
		}
		return err
	})
}

func (o *options) rate(name string, to *float64) {
	o.each(name, "a number of pictures a second, such as 10 or 0.5", func(value string) (err error) {
		if *to, err = strconv.ParseFloat(value, 64); err == nil && !(*to >= 0.001 && *to <= 1000) {
			err = strconv.ErrRange
		}
		return err
	})
}

func (o *options) duration(name string, to *time.Duration) {
	o.each(name, "a duration such as 500ms, 2s or 1m", func(value string) (err error) {
		if *to, err = time.ParseDuration(value); err == nil && *to <= 0 {
			err = strconv.ErrRange
		}
		return err
	})
}

func (o *options) size(name string, to *int) {
	o.each(name, "a size such as 500KB, 32MiB or 1000000", func(value string) (err error) {
		*to, err = ParseSize(value)
		return err
	})
}

// pin reads the hash of a public key, as RFC 7469 writes pins and curl takes them.
func (o *options) pin(name string, to *[]byte) {
	o.each(name, "sha256/ and the hash of the camera's public key in base64", func(value string) (err error) {
		digest, ok := strings.CutPrefix(value, "sha256/")
		*to, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(digest, "/"))
		if !ok || len(*to) != sha256.Size {
			err = strconv.ErrSyntax
		}
		return err
	})
}

func (o *options) header(name string, to *http.Header) {
	o.each(name, "a header line such as X-Key:abc", func(value string) error {
		key, text, ok := strings.Cut(value, ":")
		if !ok || !isToken(strings.TrimRight(key, " \t")) || strings.ContainsAny(text, "\r\n\x00") {
			return strconv.ErrSyntax
		}
		if *to == nil {
			*to = http.Header{}
		}
		key = strings.TrimSpace(key) // in the letters in which it is written: some cameras insist
		(*to)[key] = append((*to)[key], strings.TrimSpace(text))
		return nil
	})
}

// method reads the method of a request, RFC 9110 section 9, whose answer has a body.
func (o *options) method(name string, to *string) {
	o.each(name, "a method such as GET or POST", func(value string) error {
		if upper := strings.ToUpper(value); slices.Contains([]string{"GET", "POST", "PUT"}, upper) {
			value = upper
		}
		*to = value
		if !isToken(value) || value == "HEAD" || value == "CONNECT" {
			return strconv.ErrSyntax
		}
		return nil
	})
}

// isToken reports whether a name is one that a header may have, RFC 9110 section 5.6.2.
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7F || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// units are those of sizes, longer names first.
var units = []struct {
	name  string
	bytes float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9},
	{"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"B", 1},
}

// ParseSize reads a number of bytes such as 32MiB, 500KB or 1000000, from 1 to 1 GiB. KB, MB and GB are powers of 1000; KiB,
// MiB, GiB, K, M and G are powers of 1024. The case of letters does not matter. An error says how to write a size.
func ParseSize(text string) (int, error) {
	number, factor := strings.TrimSpace(text), 1.0
	for _, unit := range units {
		if rest := len(number) - len(unit.name); rest > 0 && strings.EqualFold(number[rest:], unit.name) {
			number, factor = strings.TrimSpace(number[:rest]), unit.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if n *= factor; err != nil || math.IsNaN(n) || n < 1 || n > 1<<30 {
		return 0, errors.New("a size is a number of bytes from 1 to 1GiB, such as 500KB, 32MiB or 1000000")
	}
	return int(n), nil
}
