package router_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"mjpegazer/router"
	"mjpegazer/router/access"
)

// A page in a frame of another site, where browsers keep no cookies, has links that need none. Over plain HTTP browsers do not
// say that they fill a frame; with the cookie they then get to the address without the token.
func TestPageInAFrameOfAnotherSite(t *testing.T) {
	server := serve(t, router.New(sixCameras(t), router.Options{Access: &access.Control{Token: openToken(t)}}))
	for name, header := range map[string][]string{
		"secure": {"Accept", "text/html", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate"},
		"plain":  {"Accept", "text/html"},
	} {
		address, _ := url.Parse(server.URL + "/?token=" + rightToken)
		r := get(t, "GET", address.String(), header...)
		for range 2 {
			if location, err := r.Location(); err == nil {
				if address = location; strings.Contains(location.String(), rightToken) {
					t.Errorf("%s: the token is in %s", name, location)
				}
				r = get(t, "GET", address.String(), header...)
			}
		}
		page, _ := io.ReadAll(r.Body)
		if r.StatusCode != 200 || strings.Contains(string(page), rightToken) {
			t.Fatalf("%s: %s; the token is on the page: %v", name, r.Status, strings.Contains(string(page), rightToken))
		}
		links := matches(`(?:href|src)="([^"#][^"]*)"`, string(page))
		if len(links) < 20 {
			t.Fatalf("%s: %q", name, links)
		}
		for _, link := range links {
			u, _ := address.Parse(html.UnescapeString(link))
			if r := get(t, "HEAD", u.String()); r.StatusCode != 200 {
				t.Errorf("%s: %s: %s", name, link, r.Status)
			}
		}
	}
	jar, _ := cookiejar.New(nil)
	request, _ := http.NewRequest("GET", server.URL+"/?token="+rightToken, nil)
	request.Header.Set("Accept", "text/html")
	r, err := (&http.Client{Jar: jar}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if r.Body.Close(); r.StatusCode != 200 || r.Request.URL.RequestURI() != "/" {
		t.Errorf("with the cookie: %s at %s", r.Status, r.Request.URL)
	}
}
