package source

import (
	"net/http"
	"net/url"
	"strings"
)

// login is the [http.RoundTripper] that logs in. User, password and secret headers go to one scheme, host and port alone,
// wherever the camera redirects.
type login struct {
	next   http.RoundTripper
	camera *HTTP
	origin string
	user   *url.Userinfo // nil: none
	basic  bool          // the camera has asked for Basic, or is taken to
}

func newLogin(h *HTTP, u *url.URL, next http.RoundTripper) *login {
	return &login{next: next, camera: h, origin: originOf(u), user: u.User, basic: h.Basic}
}

// RoundTrip sends the request, and once more with the log-in if the camera asks for it.
func (l *login) RoundTrip(req *http.Request) (*http.Response, error) {
	if originOf(req.URL) != l.origin {
		return l.next.RoundTrip(req)
	}
	resp, err := l.next.RoundTrip(l.signed(req))
	if err != nil || resp.StatusCode != http.StatusUnauthorized || l.user == nil || l.basic {
		return resp, err
	}
	if !strings.HasPrefix(strings.ToLower(resp.Header.Get("Www-Authenticate")), "basic") {
		return resp, nil
	}
	l.basic = true
	l.camera.trace(Login, "Basic")
	return l.next.RoundTrip(l.signed(req))
}

// signed returns req with what only the camera itself may see.
func (l *login) signed(req *http.Request) *http.Request {
	req = req.Clone(req.Context())
	for name, values := range l.camera.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if l.basic && l.user != nil {
		password, _ := l.user.Password()
		req.SetBasicAuth(l.user.Username(), password)
	}
	return req
}
