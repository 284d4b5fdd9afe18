package access_test

import (
	"net/http"
	"testing"

	"mjpegazer/router/access"
)

func TestOrigins(t *testing.T) {
	for _, origin := range []string{"https://a.example", "http://a.example:8080", "HTTP://A.example", "*", "http://[::1]:3000"} {
		if err := access.CheckOrigin(origin); err != nil {
			t.Error(err)
		}
	}
	for _, origin := range []string{"", "a.example", "https://a.example/", "https://a.example/x", "null", "ftp://a.example", "https://u@a.example", "https://*.example/?"} {
		if access.CheckOrigin(origin) == nil {
			t.Errorf("origin %q is accepted", origin)
		}
	}
	closed := guarded(&access.Control{Token: openToken(t), Origins: []string{"https://A.example:443"}})
	open := guarded(&access.Control{Origins: []string{"*"}})
	none := guarded(&access.Control{})
	for _, test := range []struct {
		name           string
		h              http.Handler
		method, origin string
		code           int
		allowed        string
	}{
		{"listed", closed, "GET", "https://a.example", 401, "https://a.example"},
		{"listed, before", closed, "OPTIONS", "https://a.example", 204, "https://a.example"},
		{"other", closed, "GET", "https://b.example", 401, ""},
		{"other, before", closed, "OPTIONS", "https://b.example", 401, ""},
		{"other scheme", closed, "OPTIONS", "http://a.example", 401, ""},
		{"any", open, "GET", "https://b.example", 200, "*"},
		{"any, before", open, "OPTIONS", "null", 204, "*"},
		{"none", none, "GET", "https://a.example", 200, ""},
		{"none, before", none, "OPTIONS", "https://a.example", 200, ""},
		{"no page", closed, "GET", "", 401, ""},
	} {
		w := answer(t, test.h, test.method, "/live", try{set: func(r *http.Request) {
			if test.origin != "" {
				r.Header.Set("Origin", test.origin)
			}
			if test.method == "OPTIONS" {
				r.Header.Set("Access-Control-Request-Method", "GET")
				r.Header.Set("Access-Control-Request-Private-Network", "true")
			}
		}})
		h := w.Header()
		if w.Code != test.code || h.Get("Access-Control-Allow-Origin") != test.allowed {
			t.Errorf("%s: %d %v", test.name, w.Code, h)
		}
		if private := h.Get("Access-Control-Allow-Private-Network") == "true"; private != (test.code == 204) {
			t.Errorf("%s: %v", test.name, h)
		}
		if credentials := h.Get("Access-Control-Allow-Credentials") == "true"; credentials != (test.allowed != "" && test.allowed != "*") {
			t.Errorf("%s: %v", test.name, h)
		}
	}
}
