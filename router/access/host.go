package access

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

type listenerKey struct{}

// BaseContext lets a [Control] know where the server listens. It is an [http.Server.BaseContext].
func BaseContext(l net.Listener) context.Context {
	return context.WithValue(context.Background(), listenerKey{}, l.Addr())
}

// answersTo reports whether a request is for a name that the server goes by.
func (c *Control) answersTo(r *http.Request) bool {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && local.Network() == "unix" {
		return true
	}
	listener, _ := r.Context().Value(listenerKey{}).(*net.TCPAddr)
	if len(c.Hosts) == 0 && (listener == nil || !listener.IP.IsLoopback()) {
		return true
	}
	name := hostName(r.Host)
	if _, err := netip.ParseAddr(name); err == nil || name == "" || name == "localhost" {
		return true
	}
	for _, host := range c.Hosts {
		if hostName(host) == name {
			return true
		}
	}
	return false
}

// hostName returns the name in a Host header (RFC 9110, 7.2), without the port, in the form in which names are compared.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

func refuseHost(w http.ResponseWriter, r *http.Request) {
	text := fmt.Sprintf("this server does not answer to the name %.100q: start it with -allowed-hosts and that name", hostName(r.Host))
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, http.StatusForbidden)
}
