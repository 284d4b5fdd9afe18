package access

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// fromForeignSite reports whether another web site's page asks, in the browser of somebody on this machine, for what is served to this
// machine alone: any page on the internet could turn on a camera by an image whose address is 127.0.0.1. Browsers say so by the
// header Sec-Fetch-Site (Fetch Metadata, W3C). Pages that this machine itself serves, such as OctoPrint, may ask, as may a person who
// follows a link, and the sites in Origins.
func (c *Control) fromForeignSite(r *http.Request) bool {
	listener, _ := r.Context().Value(listenerKey{}).(*net.TCPAddr)
	switch {
	case c.Public:
		return false
	case listener == nil || !listener.IP.IsLoopback() || !isLoopback(hostName(r.Host)):
		return false // whoever publishes it has decided who may see it
	case r.Header.Get("Sec-Fetch-Site") != "cross-site":
		return false
	case r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document":
		return false
	}
	from := r.Header.Get("Origin")
	if from == "" {
		from = r.Header.Get("Referer")
	}
	page, err := url.Parse(from)
	if err != nil || page.Host == "" {
		return !slices.Contains(c.Origins, "*")
	}
	origin := canonicalOrigin(page.Scheme + "://" + page.Host)
	return !isLoopback(hostName(page.Host)) && !slices.ContainsFunc(c.Origins, func(o string) bool { return o == "*" || canonicalOrigin(o) == origin })
}

// isLoopback reports whether a name is one of this machine's for itself (RFC 6761, 6.3).
func isLoopback(name string) bool {
	if address, err := netip.ParseAddr(name); err == nil {
		return address.Unmap().IsLoopback()
	}
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

func refuseForeign(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "pages of other web sites may not use this server: allow a site with -cors, or all with -public", http.StatusForbidden)
}
