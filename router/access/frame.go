package access

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// open passes on a request that has the token in its address, as text, or answers it where it is one for a page: a browser gets
// the cookie and is sent to the address without the token, unless it would keep the cookie back from a frame of another site, for
// ever: then the page is served as it is, with links that have what the cookie would hold ([LinkQuery]). Browsers say that they
// fill a frame (Fetch Metadata, W3C) only where the connection is secure; else it is seen by whether the cookie comes back. The same holds
// for a page that has come from another server ([Control.PassQuery]): the browser would keep the cookie back after a redirect.
func (t token) open(w http.ResponseWriter, r *http.Request, text string, page bool) (in *http.Request, answered bool) {
	if !page {
		return withLinkQuery(r, text), false
	}
	dest := r.Header.Get("Sec-Fetch-Dest")
	_, kept := t.cookie(r)
	sent := text == t.cookieValue // by the redirect below
	if fillsFrame(r) || sent && (dest == "" && !kept || fromOtherSite(r)) {
		return withLinkQuery(r, t.cookieValue), false
	}
	query := r.URL.RawQuery
	if dest == "" && !kept && strings.Contains(r.Header.Get("Accept"), "text/html") {
		query = t.addTo(query)
	}
	t.giveCookie(w, r, query)
	return nil, true
}

// fillsFrame reports whether a browser says that the answer fills a frame.
func fillsFrame(r *http.Request) bool {
	dest := r.Header.Get("Sec-Fetch-Dest")
	return dest == "iframe" || dest == "frame" || dest == "embed" || dest == "object"
}

// addTo adds to a query what the cookie would hold.
func (t token) addTo(query string) string {
	return strings.TrimPrefix(query+"&token="+t.cookieValue, "&")
}

// PassQuery returns what the query of the same page needs on another server that has the same tokens, so that the client of a request
// that c has let in by a token is let in there: "token=…", with what the cookie holds. Empty: there was no token.
func (c *Control) PassQuery(r *http.Request) string {
	s, _ := r.Context().Value(sessionKey{}).(*session)
	if s == nil || s.control != c || s.id.token == (token{}) {
		return ""
	}
	return s.id.token.addTo("")
}

type linkQueryKey struct{}

func withLinkQuery(r *http.Request, token string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), linkQueryKey{}, "token="+url.QueryEscape(token)))
}

// LinkQuery returns what the links of a page, and redirects, must have in their query because the request was let in by its
// address alone: such as "token=…", or "expires=…&signature=…" of one of [Links]; empty where they need nothing.
func LinkQuery(r *http.Request) string {
	query, _ := r.Context().Value(linkQueryKey{}).(string)
	return query
}
