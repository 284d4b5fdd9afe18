package httpcam

import (
	"context"
	"net/http"
	"net/url"

	"mjpegazer/source/internal/redact"
)

const maxRequests = 10 // for one answer

// ask sends the request, and sends it again wherever the camera redirects it. An http.Client would do the same, but behind
// it stands the standard library's own transport, which is never used here and makes the program a twentieth larger.
func (s *session) ask(ctx context.Context) (*http.Response, error) {
	u := s.url
	for asked := 1; ; asked++ {
		resp, err := s.login.RoundTrip(s.request(ctx, u))
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
		if u, err = s.redirect(u, location, asked); err != nil {
			return nil, err
		}
	}
}

// request is the one that is sent to u.
func (s *session) request(ctx context.Context, u *url.URL) *http.Request {
	req := (&http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{}}).WithContext(ctx)
	req.Header.Set("User-Agent", "mjpegazer")
	req.Header.Set("Accept", "*/*")
	if s.camera.Instance != "" { // who reads itself would otherwise wait for its own first picture
		req.Header.Set(instanceHeader, s.camera.Instance)
	}
	if s.modified != "" {
		req.Header.Set("If-Modified-Since", s.modified)
	}
	if s.identity != "" {
		req.Header.Set("If-None-Match", s.identity)
	}
	for _, cookie := range s.jar.Cookies(u) {
		req.AddCookie(cookie)
	}
	return req
}

// redirect decides whether to follow from an address to the location that it named, after so many requests.
func (s *session) redirect(from *url.URL, location string, asked int) (*url.URL, error) {
	to, err := from.Parse(location)
	switch {
	case err != nil || to.Hostname() == "" && (to.Scheme == "http" || to.Scheme == "https"): // no host would be this one
		return nil, problem("the camera redirects to an address that makes no sense")
	case asked >= maxRequests:
		return nil, problem("the camera redirects in circles")
	case to.Scheme == "http" && from.Scheme == "https":
		return nil, problem("the camera redirects from https to http, which would send everything in the clear")
	}
	to.User, to.Fragment, to.RawFragment = nil, "", ""
	s.camera.trace(Redirected, s.secrets.Hide(redact.URL(to)))
	return to, nil
}
