package access

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const corsMaxAge = "600" // seconds for which a browser need not ask again

// CheckOrigin returns what is wrong with an origin (RFC 6454) of [Control.Origins].
func CheckOrigin(origin string) error {
	if origin == "*" {
		return nil
	}
	if strings.Contains(origin, "*") {
		return errors.New("an origin has no wildcard: list each, such as https://example.com, or use * for all")
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || canonicalOrigin(origin) != canonicalOrigin(u.Scheme+"://"+u.Host) {
		return errors.New("an origin is https://example.com or http://example.com:8080, without a path, or *")
	}
	return nil
}

// canonicalOrigin returns an origin in the form in which browsers send it.
func canonicalOrigin(origin string) string {
	origin = strings.ToLower(origin)
	if scheme, host, _ := strings.Cut(origin, "://"); scheme == "http" {
		return "http://" + strings.TrimSuffix(host, ":80")
	} else if scheme == "https" {
		return "https://" + strings.TrimSuffix(host, ":443")
	}
	return origin
}

// answerOrigin lets pages of the allowed origins read the answer, and answers the question of their browsers whether they may
// (the CORS preflight), which has no login.
func (c *Control) answerOrigin(w http.ResponseWriter, r *http.Request) (answered bool) {
	if len(c.Origins) == 0 {
		return false
	}
	h, origin := w.Header(), r.Header.Get("Origin")
	h.Add("Vary", "Origin")
	listed := slices.ContainsFunc(c.Origins, func(o string) bool { return canonicalOrigin(o) == origin })
	switch {
	case origin == "":
		return false
	case listed: // by name, or its pages could not use the login that the browser has
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	case slices.Contains(c.Origins, "*"):
		h.Set("Access-Control-Allow-Origin", "*")
	default:
		return false
	}
	h.Set("Access-Control-Expose-Headers", "X-Timestamp, Retry-After")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	h.Set("Access-Control-Allow-Headers", "Authorization")
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" { // of a page on the internet: Private Network Access
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	h.Set("Access-Control-Max-Age", corsMaxAge)
	w.WriteHeader(http.StatusNoContent)
	return true
}
