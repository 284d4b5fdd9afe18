package httpcam

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxCookies = 50
	maxCookie  = 4 << 10 // bytes of a name and its value
)

// cookies are those that a camera has set, RFC 6265, the oldest first. Each goes back to the host and port that has set it
// alone, whatever its Domain says: cameras have neighbours. A value goes back byte for byte.
type cookies []cookie

type cookie struct {
	host    string // and port
	path    string
	name    string
	value   string
	secure  bool      // for https alone
	expires time.Time // zero: never
}

// set notes the cookies of an answer from u, and reports whether there was one that counts.
func (c *cookies) set(u *url.URL, header http.Header, now time.Time) (any bool) {
	for _, line := range header.Values("Set-Cookie") {
		one, ok := parseCookie(line, u, now)
		if !ok {
			continue
		}
		any = true
		at := slices.IndexFunc(*c, func(o cookie) bool { return o.host == one.host && o.path == one.path && o.name == one.name })
		expired := !one.expires.IsZero() && !one.expires.After(now)
		switch {
		case at >= 0 && expired:
			*c = slices.Delete(*c, at, at+1)
		case at >= 0:
			(*c)[at] = one
		case !expired:
			if len(*c) == maxCookies {
				*c = slices.Delete(*c, 0, 1)
			}
			*c = append(*c, one)
		}
	}
	return any
}

// header returns the Cookie header of a request for u, or "".
func (c cookies) header(u *url.URL, now time.Time) string {
	host := hostOf(u)
	var matching cookies
	for _, one := range c {
		if one.host == host && (!one.secure || u.Scheme == "https") && (one.expires.IsZero() || one.expires.After(now)) && covers(one.path, u.EscapedPath()) {
			matching = append(matching, one)
		}
	}
	slices.SortStableFunc(matching, func(a, b cookie) int { return len(b.path) - len(a.path) })
	var b strings.Builder
	for i, one := range matching {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(one.name + "=" + one.value)
	}
	return b.String()
}

// covers reports whether a cookie's path covers that of a request, RFC 6265 section 5.1.4.
func covers(cookiePath, path string) bool {
	rest, ok := strings.CutPrefix("/"+strings.TrimPrefix(path, "/"), cookiePath)
	return ok && (rest == "" || strings.HasSuffix(cookiePath, "/") || rest[0] == '/')
}

// parseCookie reads a Set-Cookie header of an answer from u. It is not ok where the cookie is too large or cannot be sent.
func parseCookie(line string, u *url.URL, now time.Time) (c cookie, ok bool) {
	pair, attributes, _ := strings.Cut(line, ";")
	name, value, ok := strings.Cut(pair, "=")
	c = cookie{host: hostOf(u), name: strings.TrimSpace(name), value: strings.TrimSpace(value)}
	unsendable := func(r rune) bool { return r < ' ' || r == 0x7F }
	if !ok || c.name == "" || len(c.name)+len(c.value) > maxCookie || strings.ContainsFunc(c.name+c.value, unsendable) {
		return c, false
	}
	path := u.EscapedPath()
	c.path = path[:max(strings.LastIndexByte(path, '/'), 0)]
	byAge := false
	for attribute := range strings.SplitSeq(attributes, ";") {
		name, value, _ := strings.Cut(attribute, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "path":
			if len(value) > maxCookie {
				return c, false
			}
			c.path = ""
			if strings.HasPrefix(value, "/") {
				c.path = value
			}
		case "secure":
			c.secure = true
		case "max-age": // which takes precedence
			if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
				c.expires, byAge = now.Add(time.Duration(seconds)*time.Second), true
			}
		case "expires":
			if at, ok := parseDate(value); ok && !byAge {
				c.expires = at
			}
		}
	}
	return c, true
}

// parseDate reads a date in one of the forms of HTTP, and the one of old cookies.
func parseDate(text string) (time.Time, bool) {
	if at, err := http.ParseTime(text); err == nil {
		return at, true
	}
	at, err := time.Parse("Mon, 02-Jan-2006 15:04:05 MST", text)
	return at, err == nil
}

// hostOf returns the host and port of an address.
func hostOf(u *url.URL) string {
	_, host, _ := strings.Cut(originOf(u), "://")
	return strings.ToLower(host)
}

// kept is what a [Camera] remembers from one run to the next. Runs may overlap.
type kept struct {
	mu      sync.Mutex
	cookies cookies
	small   bool // the camera breaks on a large ClientHello

	failover failover
	times    [256]int64 // of the latest pictures of other mjpegazers, in microseconds
	next     int        // of them
}

// again reports whether a picture of another mjpegazer, by the time that it was taken, was here before.
func (k *kept) again(taken time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if taken.IsZero() {
		return false
	}
	at := taken.UnixMicro()
	if slices.Contains(k.times[:], at) {
		return true
	}
	k.times[k.next] = at
	k.next = (k.next + 1) % len(k.times)
	return false
}

func (k *kept) wantsSmall() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.small
}

func (k *kept) setSmall(small bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.small = small
}

// setCookies notes those of an answer, and reports whether there were any.
func (k *kept) setCookies(u *url.URL, header http.Header) (any bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cookies.set(u, header, time.Now())
}

// cookieHeader returns the Cookie header of a request, or "".
func (k *kept) cookieHeader(u *url.URL) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cookies.header(u, time.Now())
}

// dropCookies forgets all of them: they may stand for a session that the camera no longer knows.
func (k *kept) dropCookies() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cookies = nil
}
