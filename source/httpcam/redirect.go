package httpcam

import (
	"context"
	"net/http"
	"net/url"

	"mjpegazer/source/internal/redact"
)

const maxRequests = 10 // for an answer, with its redirects

// request sends a request and follows redirects. [http.Client] would do the same, but brings the standard library's own
// transport with it, which is not used here and makes the program a twentieth larger.
func (s *session) request(ctx context.Context) (*http.Response, error) {
	u := s.url
	for requests := 1; ; requests++ {
		resp, err := s.login.RoundTrip(s.newRequest(ctx, u))
		if err != nil {
			return nil, err
		}
		s.jar.SetCookies(u, resp.Cookies())
		switch resp.StatusCode {
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		default:
			return resp, nil
		}
		location := resp.Header.Get("Location")
		if location == "" {
			return resp, nil
		}
		resp.Body.Close()
		if u, err = s.redirect(u, location, requests); err != nil {
			return nil, err
		}
	}
}

// newRequest returns the request for u.
func (s *session) newRequest(ctx context.Context, u *url.URL) *http.Request {
	req := (&http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{}}).WithContext(ctx)
	req.Header.Set("User-Agent", "mjpegazer")
	req.Header.Set("Accept", "*/*")
	if s.camera.Instance != "" { // a program that reads itself would otherwise wait for its own first picture
		req.Header.Set(instanceHeader, s.camera.Instance)
	}
	if s.camera.Skip == 0 {
		s.still.ask(req.Header)
	}
	for _, cookie := range s.jar.Cookies(u) {
		req.AddCookie(cookie)
	}
	return req
}

// redirect returns the address that a location names, if it may be followed after so many requests.
func (s *session) redirect(from *url.URL, location string, requests int) (*url.URL, error) {
	to, err := from.Parse(location)
	switch {
	case err != nil || to.Hostname() == "" && (to.Scheme == "http" || to.Scheme == "https"): // dialling no host would reach this machine
		return nil, problem("the camera redirects to an invalid address")
	case requests >= maxRequests:
		return nil, problem("the camera redirects in circles")
	case to.Scheme == "http" && from.Scheme == "https":
		return nil, problem("the camera redirects from https to http, which would be unencrypted")
	}
	to.User, to.Fragment, to.RawFragment = nil, "", ""
	s.camera.trace(Redirected, s.secrets.Hide(redact.URL(to)))
	return to, nil
}
