package httpcam

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"mjpegazer/stream"
	"mjpegazer/stream/mjpeg"
)

// newRequest returns the request for pictures.
func (s *session) newRequest(ctx context.Context) *http.Request {
	req := (&http.Request{Method: s.camera.method(), URL: s.url, Host: s.url.Host, Header: http.Header{}}).WithContext(ctx)
	req.Header.Set("User-Agent", "mjpegazer")
	req.Header.Set("Accept", "*/*")
	if s.camera.Gzip {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	if s.camera.Instance != "" { // a program that reads itself would otherwise wait for its own first picture
		req.Header.Set(mjpeg.InstanceHeader, mjpeg.Via{s.camera.Instance}.Then(stream.FromContext(ctx).Via()).String())
	}
	if idle := s.camera.idleTime(); idle < usualIdle {
		req.Header.Set(mjpeg.IdleHeader, idle.String())
	}
	if s.camera.Skip == 0 && req.Method == http.MethodGet {
		s.still.ask(req.Header)
	}
	if body := s.camera.Body; body != "" {
		req.Header.Set("Content-Type", contentType(body))
		req.ContentLength = int64(len(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil }
	}
	return req
}

func (c *Camera) method() string {
	if c.Body != "" {
		return cmp.Or(c.Method, http.MethodPost)
	}
	return cmp.Or(c.Method, http.MethodGet)
}

// contentType returns the media type that a body is likely to have.
func contentType(body string) string {
	switch body = strings.TrimLeft(body, " \t\r\n"); {
	case strings.HasPrefix(body, "{"), strings.HasPrefix(body, "["):
		return "application/json"
	case strings.HasPrefix(body, "<"):
		return "application/xml"
	}
	return "application/x-www-form-urlencoded"
}

// ownHeaders are those that follow from the body.
var ownHeaders = []string{"Content-Length", "Trailer", "Transfer-Encoding"}

// setHeaders adds the headers of a [Camera] to a request, in the letters in which they are written. They replace ours, but
// for cookies, to which they are added.
func setHeaders(req *http.Request, header http.Header) {
	for name := range header {
		if canonical := http.CanonicalHeaderKey(name); canonical != "Cookie" {
			req.Header.Del(canonical)
		}
	}
	for name, values := range header {
		switch canonical := http.CanonicalHeaderKey(name); {
		case len(values) == 0:
		case slices.Contains(ownHeaders, canonical):
		case canonical == "Host": // of a camera behind a proxy that knows it by another name
			req.Host = values[0]
		case canonical == "Cookie":
			cookies := append(slices.Clone(values), req.Header.Values("Cookie")...)
			req.Header.Del("Cookie")
			req.Header[name] = []string{strings.Join(cookies, "; ")}
		case canonical == "User-Agent" && name != canonical:
			req.Header[canonical] = []string{""} // or another one would be sent as well
			req.Header[name] = values
		default:
			req.Header[name] = values
		}
	}
}
