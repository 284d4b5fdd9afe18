package access_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router/access"
)

// Whoever runs a page that may not read the answer finds in the log what to do, once a minute.
func TestHintOfOrigins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		control := &access.Control{Origins: []string{"https://allowed.example"}, Log: slog.New(slog.NewTextHandler(&log, nil))}
		h := control.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		ask := func(origin string, headers ...string) {
			answer(t, h, "GET", "/live", try{set: func(r *http.Request) {
				r.Host = "cameras.example:5000"
				r.Header.Set("Origin", origin)
				for i := 0; i+1 < len(headers); i += 2 {
					r.Header.Set(headers[i], headers[i+1])
				}
			}})
		}
		for _, origin := range []string{"https://allowed.example", "http://cameras.example:5000", "null", "", "rubbish\x00"} {
			ask(origin)
		}
		ask("http://10.0.0.1", "Sec-Fetch-Site", "same-origin")
		if log.Len() > 0 {
			t.Errorf("a hint for nothing:\n%s", &log)
		}
		for range 10 {
			ask("http://mainsail.example")
			time.Sleep(20 * time.Second)
		}
		if n := strings.Count(log.String(), "origin=http://mainsail.example"); n != 4 || !strings.Contains(log.String(), "-cors") {
			t.Errorf("%d hints in 200 s:\n%s", n, &log)
		}
		next := &access.Control{Log: control.Log}
		next.Succeed(control)
		control, h = next, next.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		time.Sleep(time.Minute)
		before := log.Len()
		ask("http://mainsail.example")
		if log.Len() == before {
			t.Error("no hint after a minute")
		}
		before = log.Len()
		ask("http://mainsail.example")
		if log.Len() > before {
			t.Error("two hints at once after a reload")
		}
	})
}
