package access

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// hintPause is the time between two hints: a page that may not read the answer asks again and again.
const hintPause = time.Minute

// hintOrigin logs which origin a page has that a browser keeps from reading the answer, for nothing allows it: the page says no
// more than that it failed.
func (c *Control) hintOrigin(r *http.Request) {
	origin := r.Header.Get("Origin")
	if c.Log == nil || origin == "" || origin == "null" || r.Header.Get("Sec-Fetch-Site") == "same-origin" || CheckOrigin(origin) != nil {
		return
	}
	if _, host, _ := strings.Cut(origin, "://"); strings.EqualFold(host, r.Host) {
		return
	}
	if slices.ContainsFunc(c.Origins, func(o string) bool { return o == "*" || canonicalOrigin(o) == canonicalOrigin(origin) }) {
		return
	}
	if more, ok := c.shared().hints.pass(time.Now(), hintPause); ok {
		c.Log.Warn("page of another origin cannot read the answer: allow it with -cors", "origin", origin, "client", c.Client(r), "more", more)
	}
}
