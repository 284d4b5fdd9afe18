package access

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mjpegazer/router/internal/watch"
)

// Links are addresses that show one camera to anybody until a certain time. They are signed with a key, and nothing about them
// is stored: a new key ends all of them, and those who watch by one see nothing more within some seconds. A handler finds the link
// in the request's address and may pass it on.
type Links struct{ file *watch.Files[linkKey] }

// linkKey is derived from what a file holds.
type linkKey [sha256.Size]byte

// minLinkKey is how long a secret must be, in bytes.
const minLinkKey = 32

// linkTolerance is how much the clocks of the machines that sign and check may differ.
const linkTolerance = time.Minute

// OpenLinks reads a file that holds a secret of at least 32 bytes, apart from a final newline: a regular file of at
// most 1 MiB. A change of the file counts a second later at most, and ends all links; one that has become empty makes no new ones. If
// it cannot be read or understood, the key from before remains, and log, which may be nil, says why.
func OpenLinks(path string, log *slog.Logger) (*Links, error) {
	file, err := openSecret(path, log, parseLinkKey)
	if err != nil {
		return nil, err
	}
	return &Links{file}, nil
}

func parseLinkKey(content []byte) (linkKey, error) {
	secret := bytes.TrimSuffix(bytes.TrimSuffix(content, []byte("\n")), []byte("\r"))
	if len(secret) < minLinkKey {
		return linkKey{}, fmt.Errorf("it must hold at least %d bytes that nobody can guess: mjpegazer link -new-key FILE makes one", minLinkKey)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("mjpegazer link"))
	return linkKey(mac.Sum(nil)), nil
}

// Sign returns the query of a link's address, without the question mark. The link ends at end, in whole seconds; a viewer that
// comes up to a minute later is let in until then, for clocks differ.
func (l *Links) Sign(camera string, kind Kind, end time.Time) string {
	expires := strconv.FormatInt(end.Unix(), 10)
	return "expires=" + expires + "&signature=" + l.file.Get().signature(camera, kind, expires)
}

// signature is HMAC-SHA256 (RFC 2104) in the URL's alphabet of base64 (RFC 4648, 5) without padding. The camera is last, for
// it alone may hold a newline.
func (k linkKey) signature(camera string, kind Kind, expires string) string {
	mac := hmac.New(sha256.New, k[:])
	fmt.Fprintf(mac, "%s\n%s\n%s", expires, kind, camera)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// A link is what an address says of it, and what for it was found to be right.
type link struct {
	expires, signature string
	camera             string
	kind               Kind
}

var (
	errLinkChanged = errors.New("this link does not open this address: it is incomplete, was changed, was meant for something else, or its key is not in use any more")
	errLinkExpired = errors.New("this link has expired")
)

// linkIn returns the link in a request's address, and whether there is any. The names and values have one encoding only; what
// follows a second question mark is no part of the query, as in all addresses of the program.
func linkIn(r *http.Request) (l link, there bool) {
	query, _, _ := strings.Cut(r.URL.RawQuery, "?")
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		field := map[string]*string{"expires": &l.expires, "signature": &l.signature}[name]
		if field == nil {
			continue
		}
		if there = true; *field != "" {
			value = "" // twice is wrong
		}
		*field = value
	}
	return l, there
}

// check returns whose request it is that has a link.
func (l *Links) check(claimed link, t Target, now time.Time) (*identity, error) {
	key := l.file.Get()
	if seconds, err := strconv.ParseInt(claimed.expires, 10, 64); err != nil || strconv.FormatInt(seconds, 10) != claimed.expires {
		return nil, errLinkChanged // it might hold a newline
	}
	for _, kind := range t.Kinds {
		claimed.camera, claimed.kind = t.Camera, kind
		if !claimed.signedWith(key) {
			continue
		}
		end := claimed.end()
		if !now.Before(end.Add(linkTolerance)) {
			return nil, fmt.Errorf("%w: it was good until %s", errLinkExpired, end.UTC().Format("2006-01-02 15:04:05 MST"))
		}
		return &identity{way: byLink, link: claimed}, nil
	}
	return nil, errLinkChanged
}

// signedWith reports whether a link is one, in constant time.
func (l link) signedWith(key linkKey) bool {
	right := key.signature(l.camera, l.kind, l.expires)
	return subtle.ConstantTimeCompare([]byte(right), []byte(l.signature)) == 1 && key != linkKey{}
}

// end is when the link ends, as it was signed.
func (l link) end() time.Time {
	seconds, _ := strconv.ParseInt(l.expires, 10, 64)
	return time.Unix(seconds, 0)
}

// last is when a stream ends that was let in at a time: at the link's end, or for those who come a little later, a little later.
func (l link) last(begun time.Time) time.Time {
	end := l.end()
	if begun.Before(end) {
		return end
	}
	return end.Add(linkTolerance)
}
