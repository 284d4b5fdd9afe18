package httpcam_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
)

// askedAt returns when a stream that is kept open asks a camera, in seconds from the beginning, while viewers come and go.
func askedAt(t *testing.T, h *httpcam.Camera, within time.Duration, serve func(r *http.Request) string) (at []float64, reason string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		c := &camera{serve: func(conn net.Conn, r *http.Request) bool {
			at = append(at, time.Since(begun).Seconds())
			fmt.Fprint(conn, serve(r))
			return true
		}}
		h.DialContext = c.dial
		s := stream.New(h, stream.Options{Keep: true})
		for time.Since(begun) < within {
			v := s.View(stream.ViewerOptions{})
			time.Sleep(500 * time.Millisecond)
			v.Close()
		}
		reason = s.Stats().Error
		s.Close()
		c.closed(t)
	})
	return at, reason
}

// A login that was refused is not shown again for 30 s, whatever the status and however many viewers come: cameras lock
// accounts.
func TestRefusedLoginsWait(t *testing.T) {
	const basic, digest = "WWW-Authenticate: Basic realm=\"r\"\r\n", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n"
	for name, test := range map[string]struct {
		url       string
		header    http.Header
		preempt   bool
		challenge string
		refusal   string
		waits     bool
		says      string
	}{
		"401 Basic":               {"http://u:p@cam/", nil, false, basic, "401 No", true, "refuses the login"},
		"403 Basic":               {"http://u:p@cam/", nil, false, basic, "403 No", true, "refuses the login (403 Forbidden)"},
		"403 Digest":              {"http://u:p@cam/", nil, false, digest, "403 No", true, "refuses the login (403 Forbidden)"},
		"403 Basic unasked":       {"http://u:p@cam/", nil, true, "", "403 No", true, "refuses the login (403 Forbidden)"},
		"403 to a header":         {"http://cam/", http.Header{"X-Key": {"secret"}}, false, "", "403 No", true, "refuses the login"},
		"403 to a query":          {"http://cam/?usr=a&pwd=secret", nil, false, "", "403 No", true, "refuses the login"},
		"403 to nobody":           {"http://cam/?action=stream", http.Header{"Accept": {"x/y"}}, false, "", "403 No", false, "403 Forbidden"},
		"403 before the password": {"http://u:p@cam/", nil, false, "", "403 No", false, "403 Forbidden"},
		"423 Digest":              {"http://u:p@cam/", nil, false, digest, "423 No", true, "refuses the login (423 Locked)"},
		"429 Basic":               {"http://u:p@cam/", nil, false, basic, "429 No", true, "429 Too Many Requests"},
		"429 to nobody":           {"http://cam/", nil, false, "", "429 No", false, "429 Too Many Requests"},
		"500 after the password":  {"http://u:p@cam/", nil, false, basic, "500 No", false, "500 Internal Server Error"},
	} {
		t.Run(name, func(t *testing.T) {
			h := &httpcam.Camera{URL: test.url, Header: test.header, Basic: test.preempt}
			shown := 0
			at, reason := askedAt(t, h, 29*time.Second, func(r *http.Request) string {
				if test.challenge != "" && r.Header.Get("Authorization") == "" {
					return "HTTP/1.1 401 No\r\nContent-Length: 0\r\n" + test.challenge + "\r\n"
				}
				shown++
				return "HTTP/1.1 " + test.refusal + "\r\nContent-Length: 0\r\n\r\n"
			})
			if waits := shown == 1; waits != test.waits || !strings.Contains(reason, test.says) {
				t.Errorf("shown %d times, asked at %v: %s", shown, at, reason)
			}
		})
	}
}

// What a camera says about when to come again holds, up to 5 min, for any number of viewers.
func TestRetryAfter(t *testing.T) {
	for name, test := range map[string]struct {
		status, lines string
		second        float64 // when the camera is asked again; 0: soon
	}{
		"429":             {"429 Too Many Requests", "Retry-After: 30\r\n", 30},
		"503":             {"503 Service Unavailable", "retry-after:25\r\n", 25},
		"fraction":        {"503 Busy", "Retry-After: 2.5\r\n", 2.5},
		"other status":    {"500 Error", "Retry-After: 12\r\n", 12},
		"bounded":         {"503 Busy", "Retry-After: 86400\r\n", 300},
		"date":            {"503 Busy", "Retry-After: Sat, 01 Jan 2000 00:00:40 GMT\r\n", 40}, // the clock of synctest begins at 0
		"with its clock":  {"503 Busy", "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\nRetry-After: Mon, 01 Jan 2024 00:01:00 GMT\r\n", 60},
		"far date":        {"503 Busy", "Retry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n", 300},
		"refused":         {"403 No", "Retry-After: 20\r\n", 20},
		"refused login":   {"401 No", "Retry-After: 20\r\n", 30},
		"locked for long": {"401 No", "Retry-After: 120\r\n", 120},
		"zero":            {"503 Busy", "Retry-After: 0\r\n", 0},
		"negative":        {"429 No", "Retry-After: -9309\r\n", 0},
		"past date":       {"429 No", "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n", 0},
		"nonsense":        {"429 No", "Retry-After: NaN\r\n", 0},
		"none":            {"503 Busy", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			at, _ := askedAt(t, &httpcam.Camera{URL: "http://cam/"}, 310*time.Second, func(*http.Request) string {
				return "HTTP/1.1 " + test.status + "\r\nContent-Length: 0\r\n" + test.lines + "\r\n"
			})
			if len(at) < 2 || test.second > 0 && at[1] != test.second || test.second == 0 && at[1] > 1 {
				t.Errorf("asked at %.3v, want %v", at[:min(len(at), 3)], test.second)
			}
		})
	}
}
