package httpcam

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"mjpegazer/source/internal/idn"
)

const (
	errAddress = problem("not a valid address: use http://USER:PASSWORD@HOST:PORT/PATH, with special characters percent-encoded")
	errLogin   = problem("not a valid address: in a user name or password write / as %2F, ? as %3F, # as %23, % as %25 and @ as %40; " +
		"write @ as %40 also in a path or query")
	errBrackets  = problem("not a valid address: put an IPv6 address in brackets, as in http://[2001:db8::1]:80/")
	errLinkLocal = problem("not a valid address: a link-local address needs the network interface, as in http://[fe80::1%eth0]/")
	errPort      = problem("not a valid address: the port must be a number from 1 to 65535")
	errHost      = problem("not a valid address: the name of the host may have letters, digits, dots, hyphens and underscores")
)

const maxURL = 8 << 10 // bytes

// ParseURL reads the address of a camera, http or https, as people write it: bytes that an address may not hold are
// percent-encoded, and what is encoded stays as it is; a host name may have any letters (IDNA, RFC 5891); the zone of an IPv6
// address follows a % or %25. It refuses an address whose user name or password seems to hold a / ? or #, which would make
// the rest of it a part of the path. The errors say what to do, and repeat nothing of the address.
func ParseURL(text string) (*url.URL, error) {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(text), "://")
	if scheme = strings.ToLower(scheme); !ok || scheme != "http" && scheme != "https" || len(rest) > maxURL {
		return nil, errAddress
	}
	if loginIsCut(rest) {
		return nil, errLogin
	}
	authority, tail := cutBefore(rest, "/?#")
	login := ""
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		login, authority = encodeLogin(authority[:at])+"@", authority[at+1:]
	}
	host, err := parseHost(authority)
	if err != nil {
		return nil, err
	}
	tail, fragment := cutBefore(tail, "#")
	u, err := url.Parse(scheme + "://" + login + "cam" + encode(tail, pathBytes) + encode(fragment, pathBytes+"#"))
	if err != nil {
		return nil, errAddress
	}
	u.Host = host
	return u, nil
}

// cutBefore cuts a text before the first of some bytes.
func cutBefore(text, bytes string) (before, from string) {
	if i := strings.IndexAny(text, bytes); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

// plausibleHost matches what may be a host, with or without a port.
var plausibleHost = regexp.MustCompile(`^(\[[0-9A-Fa-f:.%]+\S*\]|[\pL\pN._-]+)(:[0-9]*)?$`)

// loginIsCut reports whether the login of an address seems to hold a / ? or #: a host follows an @ after them, and what
// comes before them could be a login. It cannot where it is a numeric address or localhost. An @ after "://", as in
// ?src=rtsp://u:p@host, belongs to another address.
func loginIsCut(rest string) bool {
	authority, tail := cutBefore(rest, "/?#")
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	if name, _, _ := strings.Cut(host, ":"); isNumeric(host) || strings.EqualFold(name, "localhost") {
		return false
	}
	tail, _, _ = strings.Cut(tail, "://")
	for i := range len(tail) {
		if tail[i] != '@' {
			continue
		}
		candidate, _ := cutBefore(tail[i+1:], "/?#")
		switch before := tail[:i]; {
		case !plausibleHost.MatchString(candidate):
		case strings.ContainsAny(authority, "@:"):
			return true
		case strings.Contains(before, ":") && !strings.Contains(before, "="):
			return true
		}
	}
	return false
}

// isNumeric reports whether a host, with or without a port, is an IP address without a zone.
func isNumeric(host string) bool {
	if end := strings.IndexByte(host, ']'); end > 0 && host[0] == '[' {
		ip, err := netip.ParseAddr(host[1:end])
		return err == nil && ip.Zone() == ""
	}
	name, port, _ := strings.Cut(host, ":")
	_, err := netip.ParseAddr(name)
	return err == nil && (port == "" || isPort(port))
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

// parseHost returns the host and port of an address as [url.URL.Host] has them.
func parseHost(text string) (string, error) {
	host, port := text, ""
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 {
			return "", errAddress
		}
		ip, err := parseIPv6(text[1:end])
		if err != nil {
			return "", err
		}
		host, port = "["+ip+"]", text[end+1:]
	} else {
		if strings.Count(text, ":") > 1 {
			return "", errBrackets
		}
		host, port = cutBefore(text, ":")
		var err error
		if host, err = asciiHost(host); err != nil {
			return "", err
		}
	}
	switch {
	case port == "" || port == ":":
		return host, nil
	case port[0] != ':' || !isPort(port[1:]):
		return "", errPort
	}
	return host + port, nil
}

// parseIPv6 reads what is in brackets. The zone follows a %, which RFC 6874 wants to be written %25.
func parseIPv6(text string) (string, error) {
	address, zone, _ := strings.Cut(text, "%")
	if rest, ok := strings.CutPrefix(zone, "25"); ok && rest != "" {
		zone = rest
	}
	ip, err := netip.ParseAddr(address)
	switch {
	case err != nil || strings.ContainsFunc(zone, notPlain):
		return "", errAddress
	case ip.IsLinkLocalUnicast() && ip.Is6() && !ip.Is4In6() && zone == "":
		return "", errLinkLocal
	case zone != "":
		return address + "%" + zone, nil
	}
	return address, nil
}

// notPlain reports whether a character cannot be in the name of a host or an interface.
func notPlain(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
}

// asciiHost returns the name of a host as DNS knows it. Names in ASCII are left alone: local ones have letters that IDNA
// forbids.
func asciiHost(name string) (string, error) {
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r > '~' }) {
		ascii, err := idn.ToASCII(name)
		if err != nil {
			return "", errHost
		}
		name = ascii
	}
	if name == "" {
		return "", errAddress
	}
	if strings.ContainsFunc(name, notPlain) {
		return "", errHost
	}
	return name, nil
}

// What may stand in parts of an address as it is, beside letters and digits: RFC 3986.
const (
	loginBytes = "-._~!$&'()*+,;="
	pathBytes  = loginBytes + ":@/?"
)

// encodeLogin encodes user and password, of which the first colon separates them.
func encodeLogin(login string) string {
	user, password, ok := strings.Cut(login, ":")
	if !ok {
		return encode(user, loginBytes)
	}
	return encode(user, loginBytes) + ":" + encode(password, loginBytes+":")
}

// encode percent-encodes the bytes that may not stand as they are. What is encoded already stays; any other % is encoded.
func encode(text, allowed string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			b.WriteByte(c)
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z', strings.IndexByte(allowed, c) >= 0:
			b.WriteByte(c)
		default:
			const digits = "0123456789ABCDEF"
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
