package access

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mjpegazer/router/internal/watch"
)

// A Token is a secret that whoever shows it may look with: as a bearer (RFC 6750), as ?token= in an address, or as the
// cookie that such an address gave. It is in a file that may change.
type Token struct{ file *watch.Files[token] }

// OpenToken reads the file that holds a token and nothing else. When it changes, so does the token; log tells of it.
func OpenToken(path string, log *slog.Logger) (*Token, error) {
	file, err := watch.Open(log, func(contents [][]byte) (token, error) { return parseToken(contents[0]) }, path)
	if err != nil {
		return nil, err
	}
	return &Token{file}, nil
}

func parseToken(content []byte) (token, error) {
	text := string(bytes.TrimSpace(content))
	if text == "" || strings.ContainsAny(text, " \t\r\n") {
		return token{}, errors.New("it must hold one word and nothing else; openssl rand -hex 16 makes a good one")
	}
	mac := hmac.New(sha256.New, []byte(text))
	mac.Write([]byte("mjpegazer cookie"))
	sum := hex.EncodeToString(mac.Sum(nil))
	return token{sha256.Sum256([]byte(text)), sum[:8], sum[8:]}, nil
}

// A token is known by its hash. Its cookie follows from it without telling it: who changes the token ends the cookies. As
// ports share cookies, its name does too, so that two servers with tokens of their own do not take each other's away.
type token struct {
	hash                    [sha256.Size]byte
	cookieName, cookieValue string
}

// is compares in constant time, whatever the lengths.
func (t token) is(text string) bool {
	hash := sha256.Sum256([]byte(text))
	return subtle.ConstantTimeCompare(hash[:], t.hash[:]) == 1
}

// shown reports whether a request shows any token, and whether it is this one.
func (t token) shown(r *http.Request, inAddress string) (any, right bool) {
	if inAddress != "" {
		any, right = true, t.is(inAddress)
	}
	if text, ok := bearer(r); ok && !right {
		any, right = true, t.is(text)
	}
	if c, err := r.Cookie("mjpegazer_" + t.cookieName); err == nil && !right {
		any, right = true, subtle.ConstantTimeCompare([]byte(c.Value), []byte(t.cookieValue)) == 1
	}
	return any, right
}

// cookieLife is how long a browser need not be shown the token again.
const cookieLife = 30 * 24 * time.Hour

// settle gives the token to the browser as a cookie and sends it to the same address without. Neither names a path: what
// the browser sees may be another one than what a proxy lets us see, and both are then taken from what it sees.
func (t token) settle(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{
		Name: "mjpegazer_" + t.cookieName, Value: t.cookieValue, MaxAge: int(cookieLife.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	})
	target := url.URL{Path: "./", RawQuery: r.URL.RawQuery}
	w.Header().Set("Location", target.String())
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusSeeOther)
}

func bearer(r *http.Request) (string, bool) {
	scheme, text, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(text), ok && strings.EqualFold(scheme, "Bearer")
}

// withoutToken is the request with ?token= taken out of it, so that nobody behind can log it or hand it on.
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
		r.URL, r.RequestURI = &address, address.RequestURI()
	}
	return r, text
}
