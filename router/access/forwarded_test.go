package access_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"mjpegazer/router/access"
)

func TestClient(t *testing.T) {
	proxies, err := access.ParseProxies([]string{"10.0.0.0/8", "127.0.0.1", "2001:db8::/32"})
	if err != nil {
		t.Fatal(err)
	}
	trusting := &access.Control{Proxies: proxies}
	for _, test := range []struct {
		name, peer string
		control    *access.Control
		header     http.Header
		want       string
	}{
		{"nobody is trusted", "127.0.0.1:1", nil, http.Header{"X-Forwarded-For": {"1.2.3.4"}}, "127.0.0.1"},
		{"another peer", "192.0.2.1:1", trusting, http.Header{"X-Forwarded-For": {"1.2.3.4"}}, "192.0.2.1"},
		{"says nothing", "127.0.0.1:1", trusting, nil, "127.0.0.1"},
		{"one", "127.0.0.1:1", trusting, http.Header{"X-Forwarded-For": {"1.2.3.4"}}, "1.2.3.4"},
		{"in front of it", "127.0.0.1:1", trusting, http.Header{"X-Forwarded-For": {"6.6.6.6, 1.2.3.4"}}, "1.2.3.4"},
		{"through two", "127.0.0.1:1", trusting, http.Header{"X-Forwarded-For": {"6.6.6.6, 1.2.3.4", "10.1.2.3"}}, "1.2.3.4"},
		{"from within", "127.0.0.1:1", trusting, http.Header{"X-Forwarded-For": {"10.9.9.9,10.1.2.3"}}, "10.9.9.9"},
		{"nonsense", "127.0.0.1:1", trusting, http.Header{"X-Forwarded-For": {"1.2.3.4, \x1b[31mx"}}, "127.0.0.1"},
		{"nonsense before a proxy", "127.0.0.1:1", trusting, http.Header{"X-Forwarded-For": {"x, 10.1.2.3"}}, "10.1.2.3"},
		{"with port", "127.0.0.1:1", trusting, http.Header{"X-Forwarded-For": {"1.2.3.4:5678"}}, "1.2.3.4"},
		{"version 6", "[2001:db8::1]:1", trusting, http.Header{"X-Forwarded-For": {"2001:db9::7"}}, "2001:db9::7"},
		{"mapped", "[::ffff:127.0.0.1]:1", trusting, http.Header{"X-Forwarded-For": {"1.2.3.4"}}, "1.2.3.4"},
		{"RFC 7239", "127.0.0.1:1", trusting, http.Header{"Forwarded": {`for=6.6.6.6, For="[2001:db9::7]:4711";proto=https;by=10.0.0.1`}}, "2001:db9::7"},
		{"RFC 7239, unknown", "127.0.0.1:1", trusting, http.Header{"Forwarded": {"for=_hidden"}}, "127.0.0.1"},
		{"both", "127.0.0.1:1", trusting, http.Header{"Forwarded": {"for=6.6.6.6"}, "X-Forwarded-For": {"1.2.3.4"}}, "1.2.3.4"},
		{"Unix socket", "@", trusting, http.Header{"X-Forwarded-For": {"1.2.3.4"}}, "unix"},
		{"trusted Unix socket", "@", &access.Control{Proxies: access.Proxies{Unix: true}}, http.Header{"X-Forwarded-For": {"1.2.3.4"}}, "1.2.3.4"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Header = test.peer, test.header
		if got := test.control.Client(r); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	for _, bad := range []string{"", "localhost", "10.0.0.0/33", "10.0.0", "*"} {
		if _, err := access.ParseProxies([]string{bad}); err == nil {
			t.Errorf("proxy %q is accepted", bad)
		}
	}
}

// Whatever a trusted proxy sends on, the client is an address.
func FuzzClient(f *testing.F) {
	f.Add("1.2.3.4, 10.0.0.1", `for="[::1]:4711";by=x, for=unknown`)
	f.Add("", `for=1.2.3.4;for=6.6.6.6`)
	f.Add("[::1%eth0]:80", "for")
	proxies, _ := access.ParseProxies([]string{"127.0.0.0/8", "10.0.0.0/8", "unix"})
	control := &access.Control{Proxies: proxies}
	f.Fuzz(func(t *testing.T, forwardedFor, forwarded string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "127.0.0.1:1"
		if forwardedFor != "" {
			r.Header.Set("X-Forwarded-For", forwardedFor)
		}
		r.Header.Set("Forwarded", forwarded)
		if client := control.Client(r); !netip.MustParseAddr(client).IsValid() || netip.MustParseAddr(client).Zone() != "" {
			t.Errorf("client %q", client)
		}
	})
}
