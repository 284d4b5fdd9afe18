package access

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"mjpegazer/router/internal/watch"
)

// A Token is a secret that lets a request in: as a bearer token (RFC 6750), as ?token= in the address, or as the cookie that a
// browser gets for such an address and keeps for 30 days.
type Token struct{ file *watch.Files[token] }

// OpenToken reads a file that holds a token, one word, and nothing else: a regular file of at most 1 MiB. A change of the file
// counts a second later at most, and ends the cookies that the old token gave. A file that has become empty lets nobody in. If it
// cannot be read or understood, the token from before remains, and log, which may be nil, says why.
func OpenToken(path string, log *slog.Logger) (*Token, error) {
	file, err := openSecret(path, log, parseToken)
	if err != nil {
		return nil, err
	}
	return &Token{file}, nil
}

// openSecret reads a file that holds one secret. Later the zero value stands for a file that has become empty: there is no secret
// any more.
func openSecret[T any](path string, log *slog.Logger, parse func([]byte) (T, error)) (*watch.Files[T], error) {
	opened := false
	file, err := watch.Open(log, func(contents [][]byte) (none T, err error) {
		if opened && len(bytes.TrimSpace(contents[0])) == 0 {
			return none, nil
		}
		return parse(contents[0])
	}, path)
	opened = true
	return file, err
}

func parseToken(content []byte) (token, error) {
	text := string(bytes.TrimSpace(content))
	if text == "" || strings.ContainsAny(text, " \t\r\n") {
		return token{}, errors.New("it must hold one word and nothing else: openssl rand -hex 16 makes a good one")
	}
	mac := hmac.New(sha256.New, []byte(text))
	mac.Write([]byte("mjpegazer cookie"))
	sum := hex.EncodeToString(mac.Sum(nil))
	return token{sha256.Sum256([]byte(text)), sum[:8], sum[8:]}, nil
}

// A token is known by its hash. Its cookie is derived from it without revealing it, so that a new token ends the cookies. The
// cookie's name is derived as well: all ports of a host share cookies, and two servers must not overwrite each other's.
type token struct {
	hash                    [sha256.Size]byte
	cookieName, cookieValue string
}

// is reports whether text is the token, or what its cookie holds, in constant time whatever its length.
func (t token) is(text string) bool {
	if t == (token{}) {
		return false
	}
	hash := sha256.Sum256([]byte(text))
	return subtle.ConstantTimeCompare(hash[:], t.hash[:])|subtle.ConstantTimeCompare([]byte(text), []byte(t.cookieValue)) == 1
}

// shown reports whether a request shows any token, and whether it is this one.
func (t token) shown(r *http.Request, inAddress string) (any, right bool) {
	if inAddress != "" {
		any, right = true, t.is(inAddress)
	}
	if text, ok := bearer(r); ok && !right {
		any, right = true, t.is(text)
	}
	if there, same := t.cookie(r); there && !right {
		any, right = true, same
	}
	return any, right
}

// cookie reports whether a request has the token's cookie, and whether it is right.
func (t token) cookie(r *http.Request) (there, right bool) {
	c, err := r.Cookie("mjpegazer_" + t.cookieName)
	return err == nil, err == nil && t != token{} && subtle.ConstantTimeCompare([]byte(c.Value), []byte(t.cookieValue)) == 1
}

// cookieLife is how long a browser keeps the cookie.
const cookieLife = 30 * 24 * time.Hour

// giveCookie gives the token to the browser as a cookie and sends it to the same page with another query. Neither names a
// whole path: a proxy may let the browser see another one than us. Only a cookie that comes with the page of one camera must, for
// that page asks for what is beside its own path, too.
func (t token) giveCookie(w http.ResponseWriter, r *http.Request, query string) {
	page, _, _ := strings.Cut(r.RequestURI, "?") // the path in r.URL may be without what it was mounted below
	root := ""
	if below := strings.TrimPrefix(targetOf(r).Path, "/"); below != "" && strings.HasSuffix(page, "/"+below) {
		root = strings.TrimSuffix(page, below)
	}
	http.SetCookie(w, &http.Cookie{
		Path: root, Name: "mjpegazer_" + t.cookieName, Value: t.cookieValue, MaxAge: int(cookieLife.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	})
	w.Header().Set("Location", samePage(r, query))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusSeeOther)
}

// samePage is the address of the page that is asked for, relative to it, with another query.
func samePage(r *http.Request, query string) string {
	page, _, _ := strings.Cut(r.RequestURI, "?")
	target := "./" + page[strings.LastIndexByte(page, '/')+1:]
	if query != "" {
		target += "?" + query
	}
	return target
}

func bearer(r *http.Request) (string, bool) {
	scheme, text, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(text), ok && strings.EqualFold(scheme, "Bearer")
}

// withoutToken returns the request without its ?token=, so that no handler can log it or pass it on.
func withoutToken(r *http.Request) (clean *http.Request, text string) {
	var rest []string
	for _, pair := range strings.Split(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err != nil || plain != "token" {
			rest = append(rest, pair)
		} else if plain, err := url.QueryUnescape(value); err == nil {
			text = plain
		}
	}
	if rest := strings.Join(rest, "&"); rest != r.URL.RawQuery {
		address := *r.URL
		address.RawQuery = rest
		r = r.WithContext(r.Context())
		r.URL = &address
		r.RequestURI, _, _ = strings.Cut(r.RequestURI, "?")
		if rest != "" {
			r.RequestURI += "?" + rest
		}
	}
	return r, text
}

// tokens are all tokens by their names, the first of which, without one, is that for all cameras.
func (c *Control) tokens() iter.Seq2[string, *Token] {
	return func(yield func(string, *Token) bool) {
		if c.Token != nil && !yield("", c.Token) {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(c.Tokens)) { // where two are the same, it is always the first
			if !yield(name, c.Tokens[name]) {
				return
			}
		}
	}
}

// tokenOf returns the token that an address has.
func (c *Control) tokenOf(inAddress string) (token, bool) {
	if inAddress == "" {
		return token{}, false
	}
	for _, t := range c.tokens() {
		if t := t.file.Get(); t.is(inAddress) {
			return t, true
		}
	}
	return token{}, false
}
