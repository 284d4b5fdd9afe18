package httpcam

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"strings"

	"github.com/icholy/digest"
)

const maxAnswers = 3 // to challenges, for one request: even a new nonce may be stale

// A login is an [http.RoundTripper] that logs in. User, password and the headers of the [Camera] go to one scheme, host and
// port alone, wherever the camera redirects.
type login struct {
	next   http.RoundTripper
	camera *Camera
	origin string
	user   *url.Userinfo // nil: none

	basic     bool       // send Basic
	challenge *challenge // of Digest; nil: none yet
	cnonce    string     // ours, one for each challenge
	count     int        // of answers to the challenge
}

func newLogin(c *Camera, u *url.URL, next http.RoundTripper) *login {
	return &login{next: next, camera: c, origin: originOf(u), user: u.User, basic: c.Basic}
}

// RoundTrip sends the request, and sends it again with the login if the camera asks for it.
func (l *login) RoundTrip(req *http.Request) (*http.Response, error) {
	if originOf(req.URL) != l.origin {
		return l.next.RoundTrip(req)
	}
	for n := 0; ; n++ {
		resp, err := l.next.RoundTrip(l.signed(req))
		if err != nil || resp.StatusCode != http.StatusUnauthorized || l.user == nil || n == maxAnswers || !l.accept(resp.Header) {
			return resp, err
		}
	}
}

// accept chooses the strongest challenge of a refusal and reports whether answering it may help. It may not where the same
// password was refused already.
func (l *login) accept(header http.Header) bool {
	best := strongest(header)
	switch best.strength() {
	case 0:
		return false
	case 1:
		if l.basic {
			return false
		}
		l.basic = true
		l.camera.trace(Login, "Basic")
		return true
	}
	stale := strings.EqualFold(best.params["stale"], "true")
	if l.challenge != nil && !stale && (l.count == 1 || l.challenge.params["nonce"] == best.params["nonce"]) {
		return false
	}
	l.challenge, l.cnonce, l.count, l.basic = &best, rand.Text(), 0, false
	if !stale {
		l.camera.trace(Login, l.used())
	}
	return true
}

// used names the scheme that is used, or returns "".
func (l *login) used() string {
	switch {
	case l.user == nil:
	case l.challenge != nil:
		return "Digest " + hashOf(l.challenge.params["algorithm"])
	case l.basic:
		return "Basic"
	}
	return ""
}

// signed returns req with the headers for the camera alone.
func (l *login) signed(req *http.Request) *http.Request {
	req = req.Clone(req.Context())
	setHeaders(req, l.camera.Header)
	if l.user == nil {
		return req
	}
	password, _ := l.user.Password()
	if l.challenge != nil {
		if text := l.respond(req, password); text != "" {
			req.Header.Set("Authorization", text)
		}
	} else if l.basic {
		req.SetBasicAuth(l.user.Username(), password)
	}
	return req
}

// respond answers the challenge, RFC 7616 section 3.4.
func (l *login) respond(req *http.Request, password string) string {
	l.count++
	c := l.challenge.digest()
	o := digest.Options{
		Method: req.Method, URI: req.URL.RequestURI(), Count: l.count, Cnonce: l.cnonce,
		Username: l.user.Username(), Password: password, GetBody: req.GetBody,
	}
	session := isSession(l.challenge.params["algorithm"])
	if session {
		hash := hashes[c.Algorithm]
		o.A1 = hexHash(hash, hexHash(hash, o.Username, c.Realm, password), c.Nonce, l.cnonce)
	}
	credentials, err := digest.Digest(c, o)
	if err != nil { // accept has chosen one that can be answered
		return ""
	}
	credentials.Algorithm = l.challenge.params["algorithm"] // as the camera writes it
	text := authorization(credentials, session)
	if opaque, ok := l.challenge.params["opaque"]; ok && opaque == "" {
		text += `, opaque=""`
	}
	return text
}

// authorization writes credentials as a header. What the camera has sent is repeated byte for byte, in any character set.
func authorization(c *digest.Credentials, session bool) string {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace
	text := fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s"`, quote(c.Username), quote(c.Realm), quote(c.Nonce), quote(c.URI))
	if c.Algorithm != "" {
		text += ", algorithm=" + c.Algorithm
	}
	if c.Opaque != "" {
		text += fmt.Sprintf(`, opaque="%s"`, quote(c.Opaque))
	}
	if c.QOP != "" {
		text += fmt.Sprintf(", qop=%s, nc=%08x", c.QOP, c.Nc)
	}
	if c.QOP != "" || session { // the camera needs it to check the hash of the session
		text += fmt.Sprintf(`, cnonce="%s"`, c.Cnonce)
	}
	if c.Userhash {
		text += ", userhash=true"
	}
	return text + fmt.Sprintf(`, response="%s"`, c.Response)
}

// hashes are those of Digest, by their names in RFC 7616.
var hashes = map[string]func() hash.Hash{
	"MD5": md5.New, "SHA-256": sha256.New, "SHA-512": sha512.New, "SHA-512-256": sha512.New512_256,
}

func hexHash(hash func() hash.Hash, parts ...string) string {
	h := hash()
	h.Write([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(h.Sum(nil))
}
