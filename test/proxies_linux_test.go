package test

import (
	"crypto/tls"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// TestProxiesSlow has a viewer behind each server whose link takes 250 KB a second of 1.25 MB. What he sees does not grow
// older and older, with any configuration, and is not old with the recipes, or if the program sends no more than that.
func TestProxiesSlow(t *testing.T) {
	for _, f := range fronts {
		socket := filepath.Join(t.TempDir(), filepath.Base(socketName))
		for _, way := range []struct {
			name    string
			serve   func(t *testing.T, f front, p *program) (address string)
			flags   []string
			promise time.Duration
		}{
			{"recipe", func(t *testing.T, f front, p *program) string { return f.serve(t, p) }, nil, 3 * time.Second},
			{"recipe, socket", func(t *testing.T, f front, p *program) string {
				return f.serve(t, p, f.bySocket(socket)...)
			}, []string{"-listen=unix:" + socket}, 2 * time.Second},
			{"defaults", func(t *testing.T, f front, p *program) string { return f.configured(t, p, f.plain) }, nil, 4 * time.Second},
			{"defaults, max-rate", func(t *testing.T, f front, p *program) string { return f.configured(t, p, f.plain) }, []string{"-max-rate=240KB"}, time.Second},
		} {
			t.Run(f.name+", "+way.name, func(t *testing.T) {
				t.Parallel()
				const warmUp, window = 5 * time.Second, 10 * time.Second
				const slack = 2.5 // what a busy machine may make of it; in this time pictures could grow 12 s old
				l := &link{rate: 2 * mbit, delay: 15 * ms, queue: 128 << 10}
				l.lay(t)
				camera := newCamera(t, 40*ms, streamtest.OfSize(50_000).JPEG)
				there := f // each test's own
				there.host = l.near.address
				address := way.serve(t, there, start(t, command(t, append(way.flags, anyPort, camera.URL)...)))
				l.far.enter(t)
				v := view(t, address+"/live")
				begun := time.Now()
				v.within(warmUp + window)
				ages := agesOf(after(begun.Add(warmUp), v.watch()))
				if len(ages) < 5 {
					t.Fatalf("%d pictures", len(ages))
				}
				p50, highest := ages[len(ages)/2], ages[len(ages)-1]
				t.Logf("%d pictures, age p50 %v, highest %v", len(ages), p50.Round(ms), highest.Round(ms))
				if float64(highest) > slack*float64(way.promise) {
					t.Errorf("that is old: %v is promised", way.promise)
				}
			})
		}
	}
}

// TestProxiesNames asks each server by its name: the program answers to it if it is told to, and knows its viewers.
func TestProxiesNames(t *testing.T) {
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			strict := start(t, command(t, anyPort, "pattern:#width=64&height=48"))
			socket := filepath.Join(t.TempDir(), filepath.Base(socketName))
			p := start(t, command(t, anyPort, "-listen=unix:"+socket, "-allowed-hosts=cameras.example", "-trusted-proxy=127.0.0.1,unix",
				"-log-level=debug", "-token", writeFile(t, "token", secretToken, 0o600), "pattern:#width=64&height=48"))
			address := f.serve(t, p)
			code, header := status(t, address+"/?token="+secretToken, "Host", "cameras.example")
			if cookie := header.Get("Set-Cookie"); code != 303 || header.Get("Location") != "./" || !strings.Contains(cookie, "Secure") {
				t.Errorf("by its name: %d, %v", code, header)
			} else if code, _ := status(t, address+"/snapshot", "Host", "cameras.example", "Cookie", cookie); code != 200 {
				t.Errorf("with the cookie: %d", code)
			}
			if code, _ := status(t, f.serve(t, strict)+"/snapshot", "Host", "cameras.example"); code != 403 {
				t.Errorf("by a name that -allowed-hosts does not know: %d", code)
			}
			lookFrom(t, "127.0.0.5", address+"/live?token="+secretToken)
			p.await(t, `(viewer left).* client=127\.0\.0\.5 `)
			lookFrom(t, "127.0.0.6", f.serve(t, p, f.bySocket(socket)...)+"/live?token="+secretToken)
			p.await(t, `(viewer left).* client=127\.0\.0\.6 `)
		})
	}
}

// lookFrom asks for a stream from one of this machine's addresses, and pretends to have another.
func lookFrom(t *testing.T, ip, address string) {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}, Timeout: 10 * time.Second}
	transport := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Forwarded-For", "192.0.2.66")
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}
