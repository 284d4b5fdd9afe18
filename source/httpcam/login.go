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

const maxAnswers = 3 // to challenges, for one request: a nonce may be stale when it is new

// login is the [http.RoundTripper] that logs in. User, password and secret headers go to one scheme, host and port alone,
// wherever the camera redirects.
type login struct {
	next   http.RoundTripper
	camera *Camera
	origin string
	user   *url.Userinfo // nil: none

	basic  bool       // the camera has asked for Basic, or is taken to
	asked  *challenge // of Digest; nil: none yet
	cnonce string     // ours, the same as long as the challenge
	count  int        // how often asked was answered
}

func newLogin(c *Camera, u *url.URL, next http.RoundTripper) *login {
	return &login{next: next, camera: c, origin: originOf(u), user: u.User, basic: c.Basic}
}

// RoundTrip sends the request, and again with the log-in if the camera asks for it.
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

// accept takes the best challenge of a refusal and reports whether an answer to it may help: the password is not tried
// twice.
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
	if l.asked != nil && !stale && (l.count == 1 || l.asked.params["nonce"] == best.params["nonce"]) {
		return false
	}
	l.asked, l.cnonce, l.count, l.basic = &best, rand.Text(), 0, false
	if !stale {
		l.camera.trace(Login, l.used())
	}
	return true
}

// used names the log-in that is used, or returns nothing.
func (l *login) used() string {
	switch {
	case l.user == nil:
	case l.asked != nil:
		return "Digest " + hashOf(l.asked.params["algorithm"])
	case l.basic:
		return "Basic"
	}
	return ""
}

// signed returns req with what only the camera itself may see.
func (l *login) signed(req *http.Request) *http.Request {
	req = req.Clone(req.Context())
	for name, values := range l.camera.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if host := req.Header.Get("Host"); host != "" { // of a camera behind a proxy that knows it by another name
		req.Host = host
	}
	if l.user == nil {
		return req
	}
	password, _ := l.user.Password()
	if l.asked != nil {
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
	c := l.asked.digest()
	o := digest.Options{
		Method: req.Method, URI: req.URL.RequestURI(), Count: l.count, Cnonce: l.cnonce,
		Username: l.user.Username(), Password: password,
	}
	session := isSession(l.asked.params["algorithm"])
	if session {
		hash := hashes[c.Algorithm]
		o.A1 = hexHash(hash, hexHash(hash, o.Username, c.Realm, password), c.Nonce, l.cnonce)
	}
	credentials, err := digest.Digest(c, o)
	if err != nil { // what cannot be answered is not accepted
		return ""
	}
	credentials.Algorithm = l.asked.params["algorithm"] // as the camera writes it
	text := authorization(credentials, session)
	if opaque, ok := l.asked.params["opaque"]; ok && opaque == "" {
		text += `, opaque=""`
	}
	return text
}

// authorization writes credentials as a header. What the camera has sent goes back as the same bytes, whatever alphabet
// they are in.
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
	if c.QOP != "" || session { // without it nobody could check the session's hash
		text += fmt.Sprintf(`, cnonce="%s"`, c.Cnonce)
	}
	if c.Userhash {
		text += ", userhash=true"
	}
	return text + fmt.Sprintf(`, response="%s"`, c.Response)
}

// hashes are those that Digest may use.
var hashes = map[string]func() hash.Hash{
	"MD5": md5.New, "SHA-256": sha256.New, "SHA-512": sha512.New, "SHA-512-256": sha512.New512_256,
}

func hexHash(hash func() hash.Hash, parts ...string) string {
	h := hash()
	h.Write([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(h.Sum(nil))
}
