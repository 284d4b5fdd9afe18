package httpcam

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"mjpegazer/source/internal/redact"
	"mjpegazer/stream"
)

const maxRequests = 10 // for an answer, with its redirects

// request sends a request and follows redirects. [http.Client] would do the same, but brings the standard library's own
// transport with it, which is not used here and makes the program a twentieth larger.
func (s *session) request(ctx context.Context) (*http.Response, error) {
	req := s.newRequest(ctx)
	for requests := 1; ; requests++ {
		if cookies := s.camera.kept.cookieHeader(req.URL); cookies != "" {
			req.Header.Set("Cookie", cookies)
		}
		resp, err := s.login.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		s.cookies = s.camera.kept.setCookies(req.URL, resp.Header) || s.cookies
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
		to, err := s.redirect(req.URL, location, requests)
		if err == nil {
			req, err = s.redirected(req, to, resp.StatusCode)
		}
		if err != nil {
			return nil, stream.FailedStatus.Of(err)
		}
	}
}

// redirect returns the address that a location names, if it may be followed after so many requests.
func (s *session) redirect(from *url.URL, location string, requests int) (*url.URL, error) {
	to, err := from.Parse(encode(location, pathBytes+"#[]"))
	switch {
	case err != nil:
		return nil, problem("the camera redirects to an invalid address")
	case requests >= maxRequests:
		return nil, problem("the camera redirects in circles")
	case to.Scheme != "http" && to.Scheme != "https":
		return nil, problem("the camera redirects to an address that is neither http nor https")
	case to.Scheme == "http" && from.Scheme == "https":
		return nil, problem("the camera redirects from https to http, which would be unencrypted")
	}
	if to.Host, err = parseHost(to.Host); err != nil { // dialling no host would reach this machine
		return nil, problem("the camera redirects to an invalid address")
	}
	to.User, to.Fragment, to.RawFragment = nil, "", ""
	shown := s.quote(redact.URL(to))
	s.camera.trace(Redirected, shown)
	if !s.camera.AnyRedirect && !related(from.Hostname(), to.Hostname(), s.transport.remote) {
		return nil, problem("the camera redirects to another machine, " + shown + ": use that address instead, or add #redirects=any to follow")
	}
	return to, nil
}

// redirected returns the request that follows req at another address, RFC 9110 section 15.4. Only 307 and 308 keep a method
// and a body, which goes to no other origin.
func (s *session) redirected(req *http.Request, to *url.URL, status int) (*http.Request, error) {
	next := req.Clone(req.Context())
	next.URL, next.Host = to, to.Host
	next.Header.Del("Cookie")
	switch {
	case status != http.StatusTemporaryRedirect && status != http.StatusPermanentRedirect:
		next.Method, next.GetBody, next.Body, next.ContentLength = http.MethodGet, nil, nil, 0
		next.Header.Del("Content-Type")
	case req.GetBody != nil && originOf(to) != originOf(s.url):
		return nil, problem("the camera redirects a request with a body to " + s.quote(redact.URL(to)) + ": use that address instead")
	}
	return next, nil
}

// related reports whether a redirect stays with the camera: it leads to the same host, to one of the same registrable name,
// or to one of the same network. remote is the address of the host that redirects, as far as it is known.
func related(from, to string, remote netip.Addr) bool {
	from, to = strings.ToLower(strings.TrimSuffix(from, ".")), strings.ToLower(strings.TrimSuffix(to, "."))
	if from == to {
		return true
	}
	if ip, err := netip.ParseAddr(from); err == nil {
		remote, from = ip, ""
	}
	if ip, err := netip.ParseAddr(to); err == nil {
		return sameNetwork(remote.Unmap().WithZone(""), ip.Unmap().WithZone(""))
	}
	if to == "localhost" {
		return remote.IsLoopback()
	}
	name := registrable(from)
	return name != "" && name == registrable(to)
}

// sameNetwork reports whether two addresses are in the same /24, or /64 of IPv6.
func sameNetwork(a, b netip.Addr) bool {
	if !a.IsValid() || a.Is4() != b.Is4() {
		return false
	}
	bits := 64
	if a.Is4() {
		bits = 24
	}
	network, err := a.Prefix(bits)
	return err == nil && network.Contains(b)
}

// registrable returns the part of a name that somebody owns, such as example.com or example.co.uk; "" of a single label. It
// knows the usual ways to divide countries' domains, and the providers of names for homes. The whole list of public suffixes
// would be a fiftieth of the program.
func registrable(name string) string {
	labels := strings.Split(name, ".")
	n := len(labels)
	own := 2
	if n < own {
		return ""
	}
	country := len(labels[n-1]) == 2
	if suffix := strings.Join(labels[n-2:], "."); country && slices.Contains(secondLevels, labels[n-2]) || slices.Contains(homeSuffixes, suffix) {
		own = 3
	}
	if n < own {
		return ""
	}
	return strings.Join(labels[n-own:], ".")
}

// secondLevels are labels below which countries register names.
var secondLevels = []string{
	"ac", "ad", "asn", "biz", "co", "com", "ed", "edu", "gob", "gov", "go", "gr", "id", "info", "lg", "ltd", "me", "mil", "name", "ne", "net", "nhs", "nom",
	"or", "org", "plc", "police", "sch", "web",
}

// homeSuffixes are domains whose owners give names below them to anybody.
var homeSuffixes = []string{
	"3322.org", "changeip.com", "ddns.net", "ddnsfree.com", "ddnss.de", "dnsalias.com", "duckdns.org", "dyndns.org", "dyndns-home.com", "dynu.net", "dynv6.net",
	"freeddns.org", "fritz.box", "github.io", "goip.de", "gotdns.org", "hopto.org", "i234.me", "myddns.me", "myds.me", "myfritz.net", "myqnapcloud.com",
	"mywire.org", "ngrok.io", "no-ip.org", "sytes.net", "synology.me", "trycloudflare.com", "ts.net", "ui.direct", "zapto.org",
}
