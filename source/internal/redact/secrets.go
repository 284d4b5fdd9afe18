package redact

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	wholeWord = 4 // bytes: a shorter secret is hidden only where it is a word of its own
	leastPart = 6 // bytes of a secret that are hidden where others of it are missing
	mostText  = 4 << 10
)

// Secrets are words that must not be shown, in any case of letters. The zero value knows none.
type Secrets struct{ words []string } // in lower case, the longest first

// New returns Secrets of the words, and of the runs of letters and digits in them.
func New(words []string) Secrets {
	var all []string
	for _, word := range words {
		word = string(lowered(word))
		all = append(all, word)
		for _, run := range runs(word) {
			if len(run) >= wholeWord {
				all = append(all, run)
			}
		}
	}
	all = slices.DeleteFunc(all, func(word string) bool { return len(word) < 2 })
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return Secrets{slices.Compact(all)}
}

// harmlessHeaders are those whose values are not secret.
var harmlessHeaders = []string{
	"Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Connection", "Content-Type", "Dnt", "Host", "Origin", "Pragma", "Range", "Referer",
	"Upgrade-Insecure-Requests", "User-Agent", "X-Requested-With",
}

// Of returns the Secrets of a request: user name and password of its address, and what is secret by its name or looks like a
// key in its path, query, headers and body.
func Of(u *url.URL, header http.Header, body string) Secrets {
	words := append(inQuery(u.RawQuery), u.Fragment)
	if u.User != nil {
		password, _ := u.User.Password()
		words = append(words, u.User.Username(), password)
	}
	words = append(words, keysIn(u.EscapedPath())...)
	for name, values := range header {
		for _, value := range values {
			if slices.Contains(harmlessHeaders, http.CanonicalHeaderKey(name)) {
				words = append(words, inForms(value)...)
				continue
			}
			for word := range strings.FieldsSeq(value) {
				if !slices.Contains([]string{"basic", "bearer", "digest", "token"}, strings.ToLower(word)) {
					words = append(words, inCredential(word)...)
				}
			}
		}
	}
	words = append(words, inForms(body)...)
	if !strings.ContainsAny(body, "=:<{ ") {
		words = append(words, body)
	}
	return New(words)
}

// OfCommand returns the Secrets of a command: all pieces of its arguments, as any may be a password, except common names
// of formats, protocols and options; and what is secret in its environment.
func OfCommand(args, environ []string) Secrets {
	words := inEnvironment(environ)
	for i, arg := range args {
		if i == 0 || strings.HasPrefix(arg, "/dev/") {
			continue
		}
		words = append(words, inForms(arg)...)
		for _, match := range addressForm.FindAllString(arg, -1) {
			arg = strings.Replace(arg, match, "", 1) // its host is no secret
		}
		separator := func(r rune) bool { return strings.ContainsRune(" \t\r\n:/?&=@;,'\"<>|()$#", r) }
		for word := range strings.FieldsFuncSeq(arg, separator) {
			word = strings.TrimLeft(word, "-")
			if !slices.Contains(common, strings.ToLower(word)) {
				words = append(words, word, unescape(word))
			}
		}
	}
	return New(words)
}

// common are words of commands that show pictures, which say nothing about a password.
var common = []string{
	"aac", "alsa", "an", "audio", "bin", "codec", "copy", "curl", "dev", "error", "fdsink", "ffmpeg", "ffplay", "fflags", "file", "filesink", "flags",
	"format", "fps", "framerate", "gst-launch-1.0", "h264", "h265", "hevc", "hide_banner", "http", "https", "image2", "image2pipe", "info", "input",
	"input_format", "jpeg", "jpegenc", "jpg", "lavfi", "level", "loglevel", "low_delay", "mjpeg", "mjpg", "mpjpeg", "multipartmux", "nobuffer",
	"nostdin", "null", "output", "pipe", "png", "quiet", "rawvideo", "rtmp", "rtp", "rtsp", "rtsp_transport", "rtsps", "rtspsrc", "scale", "sh", "srt",
	"stderr", "stdin", "stdout", "tcp", "testsrc", "udp", "v4l2", "v4l2src", "vcodec", "vf", "video", "videoconvert", "videotestsrc", "warning", "yuv420p",
}

// Hide returns a text of others as it may be shown: printable, without the secrets, plain, percent-encoded, in base64 or
// hexadecimal digits, whole or in parts, and without what looks like a secret by its form. It must be cut only afterwards.
func (s Secrets) Hide(text string) string {
	text = Start(Printable(text), mostText)
	if len(s.words) > 0 {
		secret := make([]bool, len(text))
		s.mark(text, secret)
		markEncoded(text, secret, func(decoded []byte) bool {
			found := make([]bool, len(decoded))
			s.mark(string(decoded), found)
			return slices.Contains(found, true)
		})
		text = without(text, secret)
	}
	return hideForms(text)
}

// Any reports whether there are any.
func (s Secrets) Any() bool { return len(s.words) > 0 }

// without replaces each run of marked bytes.
func without(text string, secret []bool) string {
	var b strings.Builder
	for i := range len(text) {
		switch {
		case !secret[i]:
			b.WriteByte(text[i])
		case i == 0 || !secret[i-1]:
			b.WriteString(hidden)
		}
	}
	return b.String()
}

// mark marks the secrets in a text, as it is and percent-encoded, once or twice.
func (s Secrets) mark(text string, secret []bool) {
	plain := lowered(text)
	from := make([]int, len(plain)+1) // where each byte of plain begins in text, and the end
	for i := range from {
		from[i] = i
	}
	for range 3 {
		s.markPlain(plain, from, secret)
		decoded := false
		if plain, from, decoded = decodePercent(plain, from); !decoded {
			return
		}
	}
}

// lowered returns a text whose ASCII letters are lower case; its length is the same.
func lowered(text string) []byte {
	b := []byte(text)
	for i := range b {
		b[i] = lowerOf(b[i])
	}
	return b
}

func lowerOf(c byte) byte {
	if classOf(rune(c)) == upper {
		c += 'a' - 'A'
	}
	return c
}

// decodePercent undoes percent-encoding once.
func decodePercent(text []byte, from []int) (plain []byte, plainFrom []int, decoded bool) {
	for i := 0; i < len(text); i++ {
		c, start := text[i], from[i]
		if c == '%' && i+2 < len(text) {
			var b [1]byte
			if _, err := hex.Decode(b[:], text[i+1:i+3]); err == nil {
				c, decoded = lowerOf(b[0]), true
				i += 2
			}
		}
		plain, plainFrom = append(plain, c), append(plainFrom, start)
	}
	return plain, append(plainFrom, from[len(text)]), decoded
}

// markPlain marks the secrets, whole and in parts, in a text whose bytes begin at from.
func (s Secrets) markPlain(text []byte, from []int, secret []bool) {
	for i := range text {
		n := s.longest(text, i)
		if n > 0 {
			for at := from[i]; at < from[i+n]; at++ {
				secret[at] = true
			}
		}
	}
}

// longest returns the length of the longest secret, or part of one, at a position of a text; 0 if there is none.
func (s Secrets) longest(text []byte, i int) (longest int) {
	for _, word := range s.words {
		if len(word) <= longest {
			break
		}
		if len(word) >= leastPart {
			longest = max(longest, longestPart(text[i:], word))
		}
		if bytes.HasPrefix(text[i:], []byte(word)) && (len(word) >= wholeWord || isWord(text, i, i+len(word))) {
			longest = max(longest, len(word))
		}
	}
	return longest
}

// longestPart returns how much of a text is a part of a word, if that is enough to be hidden.
func longestPart(text []byte, word string) (longest int) {
	for j := 0; j+leastPart <= len(word); j++ {
		n := 0
		for n < len(text) && j+n < len(word) && text[n] == word[j+n] {
			n++
		}
		longest = max(longest, n)
	}
	if longest < leastPart {
		return 0
	}
	return longest
}

// isWord reports whether a piece of a text is no part of a longer word.
func isWord(text []byte, from, to int) bool {
	return (from == 0 || classOf(rune(text[from-1])) == other) && (to == len(text) || classOf(rune(text[to])) == other)
}

// markEncoded marks the runs of base64 or hexadecimal digits that hold a secret once they are decoded.
func markEncoded(text string, secret []bool, holdsSecret func(decoded []byte) bool) {
	const least = 6
	for i := 0; i < len(text); {
		n := 0
		for i+n < len(text) && isBase64(text[i+n]) {
			n++
		}
		if run := text[i : i+n]; n >= least && slices.ContainsFunc(decodings(run), holdsSecret) {
			for at := range run {
				secret[i+at] = true
			}
		}
		i += n + 1
	}
}

func isBase64(c byte) bool {
	return classOf(rune(c)) != other || strings.IndexByte("+/-_", c) >= 0
}

// decodings returns what a run may mean: base64 of either alphabet, also if its beginning is missing, or hexadecimal digits.
func decodings(run string) (all [][]byte) {
	for skip := range 4 {
		piece := strings.NewReplacer("-", "+", "_", "/").Replace(run[min(skip, len(run)):])
		if len(piece)%4 == 1 {
			piece = piece[:len(piece)-1]
		}
		if decoded, err := base64.RawStdEncoding.DecodeString(piece); err == nil {
			all = append(all, decoded)
		}
	}
	for skip := range 2 {
		piece := run[min(skip, len(run)):]
		if decoded, err := hex.DecodeString(piece[:len(piece)/2*2]); err == nil {
			all = append(all, decoded)
		}
	}
	return all
}
