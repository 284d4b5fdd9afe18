package access

import (
	"context"
	"net/http"
	"strings"
)

// openPage answers a request for a page that has the token in its address, as text. A browser gets the cookie and is sent to the
// address without the token, unless it would keep the cookie back from a frame of another site, for ever: then the page is served
// as it is, with links that have what the cookie would hold ([LinkQuery]). Browsers say that they fill a frame (Fetch Metadata,
// W3C) only where the connection is secure; else it is seen by whether the cookie comes back.
func (t token) openPage(w http.ResponseWriter, r *http.Request, text string) (in *http.Request, answered bool) {
	dest := r.Header.Get("Sec-Fetch-Dest")
	_, kept := t.cookie(r)
	sent := text == t.cookieValue // by the redirect below
	if dest == "iframe" || dest == "frame" || dest == "embed" || dest == "object" || dest == "" && sent && !kept {
		return r.WithContext(context.WithValue(r.Context(), linkQueryKey{}, "token="+t.cookieValue)), false
	}
	query := r.URL.RawQuery
	if dest == "" && !kept && strings.Contains(r.Header.Get("Accept"), "text/html") {
		query = strings.TrimPrefix(query+"&token="+t.cookieValue, "&")
	}
	t.giveCookie(w, r, query)
	return nil, true
}

type linkQueryKey struct{}

// LinkQuery returns what the addresses on a page must have in their query, such as "token=…", because the browser keeps no cookie for
// it, or "expires=…&signature=…", because the page was opened by one of [Links]; empty where they need nothing.
func LinkQuery(r *http.Request) string {
	query, _ := r.Context().Value(linkQueryKey{}).(string)
	return query
}
