package httpcam_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"mjpegazer/source/httpcam"
)

func TestParseURL(t *testing.T) {
	for text, want := range map[string]struct{ host, user, password, request string }{
		"http://cam":                            {"cam", "", "", "/"},
		" HTTPS://cam:8443/v?a=b#c \r\n":        {"cam:8443", "", "", "/v?a=b"},
		"http://u:p@cam/v":                      {"cam", "u", "p", "/v"},
		"http://a@b.c:p@ss!@cam/v":              {"cam", "a@b.c", "p@ss!", "/v"},
		"http://u:p%2Fq%zz%@cam/":               {"cam", "u", "p/q%zz%", "/"},
		`http://D\u:p "<[^|]>&é@cam/`:           {"cam", `D\u`, `p "<[^|]>&é`, "/"},
		"http://cam/v?usr=a&pwd=my p%2Fss%25":   {"cam", "", "", "/v?usr=a&pwd=my%20p%2Fss%25"},
		"http://cam/ä b/\"<\\^`{|}>/%41%4g%":    {"cam", "", "", "/%C3%A4%20b/%22%3C%5C%5E%60%7B%7C%7D%3E/%41%254g%25"},
		"http://cam/v?ü[1]=\x7f\xff\x00":        {"cam", "", "", "/v?%C3%BC%5B1%5D=%7F%FF%00"},
		"http://cam/a;b,c!$&'()*+=:@~?/?x":      {"cam", "", "", "/a;b,c!$&'()*+=:@~?/?x"},
		"http://KÜCHE.local:80/":                {"xn--kche-0ra.local:80", "", "", "/"},
		"http://k%C3%BCche.test/":               {"xn--kche-0ra.test", "", "", "/"},
		"http://my_cam.lan./":                   {"my_cam.lan.", "", "", "/"},
		"http://192.168.1.20:8080/v?to=a@b.c":   {"192.168.1.20:8080", "", "", "/v?to=a@b.c"},
		"http://localhost:8080/v?to=a@b.c":      {"localhost:8080", "", "", "/v?to=a@b.c"},
		"http://u:p@10.0.0.1/@x":                {"10.0.0.1", "u", "p", "/@x"},
		"http://cam/v?mail=a@b.c&t=1:2":         {"cam", "", "", "/v?mail=a@b.c&t=1:2"},
		"http://go:1984/s?src=rtsp://u:p@cam/s": {"go:1984", "", "", "/s?src=rtsp://u:p@cam/s"},
		"http://cam:80/v?a=x@1&b=c":             {"cam:80", "", "", "/v?a=x@1&b=c"},
		"http://[fe80::1%eth0]/":                {"[fe80::1%eth0]", "", "", "/"},
		"http://[fe80::1%25eth0]:80/":           {"[fe80::1%eth0]:80", "", "", "/"},
		"http://[fe80::1%25]/":                  {"[fe80::1%25]", "", "", "/"},
		"http://u:p@[2001:db8::1]:8080/v":       {"[2001:db8::1]:8080", "u", "p", "/v"},
		"http://cam:/":                          {"cam", "", "", "/"},
	} {
		u, err := httpcam.ParseURL(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		password, _ := u.User.Password()
		if u.Host != want.host || u.User.Username() != want.user || password != want.password || u.RequestURI() != want.request {
			t.Errorf("%q: %q %q %q %q", text, u.Host, u.User.Username(), password, u.RequestURI())
		}
	}
}

func TestParseURLRefuses(t *testing.T) {
	const login, port, ip = "write / as %2F, ? as %3F, # as %23", "a number from 1 to 65535", "put an IPv6 address in brackets"
	for text, want := range map[string]string{
		"http://canary:1234/canary@host/v":      login,
		"http://canary:9060417/canary@host:80":  login,
		"http://canary:a?canary@host":           login,
		"http://canary:a#canary@host/v":         login,
		"http://canary:/canary@[::1]:80/v":      login,
		"http://canary:p@canary/canary@host/v":  login,
		"http://a@canary:1/canary@host/v":       login,
		"http://can/ary:canary@host/v":          login,
		"http://can?ary:canary@host":            login,
		"http://can#ary:canary@host/":           login,
		"http://u:canary/@[fe80::1%canary]/":    login,
		"http://u:1?canary@küche.local":         login,
		"http://cam.example:80/v?to=canary@b.c": login,
		"http://u:canary@host:port/":            port,
		"http://u:canary@host:99999/":           port,
		"http://u:canary@host:0/":               port,
		"http://u:canary@fe80::1/":              ip,
		"http://fe80::1:80/":                    ip,
		"http://[fe80::1]/canary":               "needs the network interface",
		"http://[canary]/":                      "not a valid address",
		"http://[::1/canary":                    "not a valid address",
		"http://[::1%eth/0]/":                   "not a valid address",
		"http://u:canary@ho st/":                "the name of the host may have",
		"http://u:canary@ho\x00st/":             "the name of the host may have",
		"http://u:canary@/v":                    "not a valid address",
		"http:///canary":                        "not a valid address",
		"http:/u:canary@host/":                  "not a valid address",
		"http:canary":                           "not a valid address",
		"ftp://canary/":                         "not a valid address",
		"canary":                                "not a valid address",
		"":                                      "not a valid address",
	} {
		u, err := httpcam.ParseURL(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v, %v; want %q", text, u, err, want)
		}
	}
}

// target matches what RFC 9112 section 3.2.1 allows in a request line.
var target = regexp.MustCompile(`^/([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*$`)

// FuzzParseURL: an address that is read makes a request that is legal, and its user, password and host are what stood there.
func FuzzParseURL(f *testing.F) {
	for _, text := range []string{
		"u:p@cam:80/v?a=b#c", "u:1234/a@host/v", "küche.local/ä b?%zz", "[fe80::1%eth0]:80/\"<>", "a@b:c@d@[::1]", "x?y:z@h", "h:80/?s=rtsp://u:p@h",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, rest string) {
		u, err := httpcam.ParseURL("http://" + rest)
		if err != nil {
			return
		}
		if !target.MatchString(u.RequestURI()) {
			t.Errorf("%q: %q", rest, u.RequestURI())
		}
		var sent strings.Builder
		req := &http.Request{Method: "GET", URL: u, Host: u.Host, Header: http.Header{}}
		if err := req.Write(&sent); err != nil || strings.Count(sent.String(), "\r\n") != 4 {
			t.Errorf("%q: %q, %v", rest, sent.String(), err)
		}
		if again, err := url.Parse(u.String()); err != nil || again.RequestURI() != u.RequestURI() || again.Host != u.Host || again.User.String() != u.User.String() {
			t.Errorf("%q: %v becomes %v, %v", rest, u, again, err)
		}
	})
}
