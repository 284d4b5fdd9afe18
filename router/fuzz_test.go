package router_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router"
	"mjpegazer/router/access"
)

// FuzzHandler asks the whole handler for anything, in both protocols, as anybody. Nothing panics; nobody is told of a camera
// that he may not see, nor shown it; no answer and no line of the log has a secret; and every answer has the headers that keep
// browsers and caches from doing harm with it.
func FuzzHandler(f *testing.F) {
	k := newKeyring(f)
	add := func(method, target, header string) {
		for i := range 4 { // all houses and all people, in turn
			n := byte(len(target)*7 + len(header) + len(method) + i*3)
			f.Add(byte(i), n, n%2 == 0, method, target, header)
		}
	}
	for _, target := range fuzzTargets {
		add("GET", target, "")
	}
	for _, method := range []string{"HEAD", "POST", "OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get", "", "PRI", "VAULT"} {
		add(method, "/", "")
		add(method, "/vault/live", "Content-Length: 5\n\nvault")
	}
	for _, header := range fuzzHeaders {
		for _, target := range []string{"/", "/vault/", "/wall?camera=lobby", "/snapshot"} {
			add("GET", target, header)
		}
	}
	f.Fuzz(func(t *testing.T, house, who byte, http2 bool, method, target, header string) {
		q := question{house: int(house) % len(houses), who: int(who) % len(k.people), http2: http2, method: method, target: target, header: header}
		a := k.ask(t, q)
		k.check(t, q, a)
		for _, c := range k.hidden(q) { // asked for by its name, it is answered as one that does not exist
			if q.literally(c.name) && !c.known {
				stranger := reversed(c.name)
				b := k.ask(t, q.instead(c.name, stranger))
				got, want := strings.ReplaceAll(a.outline(), c.name, stranger), b.outline()
				if broken := a.status == 0 || b.status == 0; got != want && !broken { // HTTP/2 may reset a wrong request before its answer
					t.Errorf("%v:\n%s\nof an unknown camera:\n%s", q, got, want)
				}
			}
		}
	})
}

var fuzzTargets = []string{
	"/", "/live", "/live.mjpg", "/live.mjpeg", "/stream", "/stream.mjpg", "/stream.mjpeg", "/snapshot", "/snapshot.jpg", "/health", "/healthz", "/status", "/metrics", "/wall", "/login", "/webcam", "/webcam/",
	"/assets/page.js", "/assets/", "/assets/../page.go", "/assets/%2e%2e/page.go",
	"/lobby", "/lobby/", "/lobby/live", "/lobby/live.mjpg", "/lobby/snapshot", "/lobby/snapshot.jpg", "/lobby/health", "/lobby/nope",
	"/vault", "/vault/", "/vault/live", "/vault/stream.mjpg", "/vault/snapshot", "/vault/health", "/yard/", "/yard/live", "/blur/", "/blur/snapshot", "/gone/live", "/gone/", "/extra/live", "/extra/", "/nope/live",
	"/?action=stream", "/?action=snapshot", "/?action=stream_1", "/?action=snapshot_3?dummy=1", "/?action=stream%3Fdummy", "/webcam/?action=snapshot", "/?action=vault",
	"/wall?camera=lobby&camera=vault&fps=5", "/wall?camera=blur", "/status?camera=vault", "/status?camera=gone", "/?cameras=vault,lobby&columns=3&bare", "/lobby/live?fps=0", "/live?fps=vault", "/vault?x=y",
	"//", "//vault/live", "/vault//live", "/./vault/live", "/lobby/../vault/live", "/%76ault/live", "/vault%2Flive", "/%2e%2e/vault", "/vault/live/", "/vault/%6cive", "*", "", "vault", "http://other.example/vault/live",
	"/\\vault", "/vault;x/live", "/vault\x00/live", "/vault%00/live", "/vault%0d%0aX: y", "/?token=x", "/?%74oken=x&token=y", "/vault/live?expires=9999999999&signature=x", "/?a=%zz", "/#vault", "/LIVE", "/Vault/live",
}

var fuzzHeaders = []string{
	"Authorization: Basic dmF1bHQ6eA==", "Authorization: Bearer x", "Authorization: Digest username=vault", "Cookie: mjpegazer_x=y", "Accept: image/webp", "Accept: text/html", "Accept-Encoding: gzip",
	"Connection: close, Authorization", "Transfer-Encoding: chunked\n\n5\nvault\n0\n\n", "Transfer-Encoding: identity", "Expect: 100-continue\nContent-Length: 70000", "Upgrade: websocket\nConnection: Upgrade", "Upgrade: h2c\nConnection: Upgrade, HTTP2-Settings\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
	"X-Forwarded-For: 192.0.2.1, vault", "X-Forwarded-For: [::1]:80", "Forwarded: for=\"[2001:db8::1]:4711\";host=vault", "X-Forwarded-Proto: https", "X-Forwarded-Host: vault", "X-Forwarded-Prefix: /vault", "X-Original-URL: /vault/live", "X-Rewrite-URL: /vault/live", "X-HTTP-Method-Override: GET",
	"Host: vault", "Origin: https://dash.example", "Origin: https://other.example", "Origin: null", "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: iframe", "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors\nSec-Fetch-Dest: image", "Sec-Fetch-Dest: document",
	"Access-Control-Request-Method: GET\nOrigin: https://dash.example", "X-Mjpegazer-Instance: vault, this-one", "X-Mjpegazer-Instance: this-one", "X-Mjpegazer-Heartbeat: 1", "Range: bytes=0-10", "If-None-Match: *", "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT",
	"Content-Length: -1", "Content-Length: 5\nContent-Length: 6", "X: y\n Folded: z", "No colon", ": empty", "\nGET /vault/live HTTP/1.1\nHost: x\n", "Te: trailers\nTrailer: Authorization",
}

// A question is one request, and where it is asked.
type question struct {
	house, who             int
	http2                  bool
	method, target, header string
}

// says reports whether a question has a text in it, also percent-encoded and in other letters.
func (q question) says(text string) bool {
	all := q.method + " " + q.target + " " + q.header
	for range 3 {
		if strings.Contains(strings.ToLower(all), strings.ToLower(text)) {
			return true
		}
		for i := 0; i+2 < len(all); i++ {
			if plain, err := url.PathUnescape(all[i : i+min(3, len(all)-i)]); err == nil && len(plain) == 1 {
				all = all[:i] + plain + all[i+3:]
			}
		}
	}
	return false
}

func (q question) literally(name string) bool {
	return strings.Contains(q.method+" "+q.target+" "+q.header, name)
}

func (q question) instead(name, other string) question {
	q.method, q.target, q.header = strings.ReplaceAll(q.method, name, other), strings.ReplaceAll(q.target, name, other), strings.ReplaceAll(q.header, name, other)
	return q
}

// ask asks a new handler.
func (k *keyring) ask(t *testing.T, q question) (a conversation) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&lockedWriter{to: &log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
		control := k.control()
		control.Log = logger
		options := router.Options{Access: control, Log: logger, Instance: "this-one", Heartbeat: router.DefaultHeartbeat}
		houses[q.house].change(control, &options)
		cameras, end := fuzzCameras(logger)
		extra := cameras[len(cameras)-1]
		options.Lookup = func(name string) (router.Camera, bool) { return extra, name == extra.Name }
		p, target := k.people[q.who], q.target
		query := p.query
		if p.link != "" {
			query = k.links.Sign(strings.TrimPrefix(p.is, "to "), p.link, time.Now().Add(p.life))
		}
		if query != "" {
			target = strings.TrimSuffix(target+map[bool]string{false: "?", true: "&"}[strings.Contains(target, "?")]+query, "&")
		}
		base := context.Background()
		if houses[q.house].loopback {
			base = access.BaseContext(loopbackListener{})
		}
		server := &http.Server{
			Handler: router.New(cameras[:len(cameras)-1], options), ConnContext: router.ConnContext, ReadHeaderTimeout: 2 * time.Second, IdleTimeout: time.Second,
			BaseContext: func(net.Listener) context.Context { return base }, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelInfo),
		}
		a = converse(t, server, q.http2, q.method, target, p.header, q.header)
		end()
		server.Close()
		synctest.Wait()
		a.log = log.String()
	})
	return a
}

func (q question) String() string {
	return fmt.Sprintf("house %d, person %d, HTTP/2 %t: %q %q %q", q.house, q.who, q.http2, q.method, q.target, q.header)
}
