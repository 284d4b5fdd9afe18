package httpcam_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
)

// What a camera fails at is counted by the word that its kind of failure has.
func TestFailures(t *testing.T) {
	silent := func(conn net.Conn) { conn.Read(make([]byte, 1)) }
	says := func(answer string) func(net.Conn) {
		return func(conn net.Conn) { conn.Write([]byte(answer)) }
	}
	for name, test := range map[string]struct {
		url   string // http://cam/ unless it says another
		serve func(net.Conn)
		dial  error
		want  stream.Failure
	}{
		"no address":        {url: "http://[", want: stream.FailedDial},
		"refused":           {dial: syscall.ECONNREFUSED, want: stream.FailedDial},
		"no route":          {dial: syscall.EHOSTUNREACH, want: stream.FailedDial},
		"no name":           {dial: &net.DNSError{Name: "cam"}, want: stream.FailedDial},
		"no TLS":            {url: "https://cam/", serve: says("HTTP/1.1 400 Bad Request\r\n\r\n"), want: stream.FailedDial},
		"login wanted":      {serve: says("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n\r\n"), want: stream.FailedLogin},
		"login refused":     {url: "http://u:p@cam/", serve: says("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n\r\n"), want: stream.FailedLogin},
		"not found":         {serve: says("HTTP/1.1 404 No\r\n\r\n"), want: stream.FailedStatus},
		"busy":              {serve: says("HTTP/1.1 503 Later\r\n\r\n"), want: stream.FailedStatus},
		"forbidden":         {serve: says("HTTP/1.1 403 No\r\n\r\n"), want: stream.FailedStatus},
		"redirected away":   {serve: says("HTTP/1.1 302 Go\r\nLocation: http://elsewhere.example/\r\n\r\n"), want: stream.FailedStatus},
		"no head":           {serve: silent, want: stream.FailedStall},
		"silent":            {serve: func(c net.Conn) { says(streamHead)(c); silent(c) }, want: stream.FailedStall},
		"silent afterwards": {serve: func(c net.Conn) { says(streamHead + part(numbered(1)))(c); silent(c) }, want: stream.FailedStall},
		"no response":       {serve: says(""), want: stream.FailedContent},
		"page":              {serve: says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"), want: stream.FailedContent},
		"ended":             {serve: says(streamHead + part(numbered(1)) + part(numbered(2))), want: stream.FailedContent},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &camera{serve: func(conn net.Conn, _ *http.Request) bool { test.serve(conn); return false }}
				h := &httpcam.Camera{URL: "http://cam/", DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
					if test.dial != nil {
						return nil, &net.OpError{Op: "dial", Err: test.dial}
					}
					return c.dial(ctx, network, addr)
				}}
				if test.url != "" {
					h.URL = test.url
				}
				err := h.Run(t.Context(), func(stream.Picture) {})
				var failed interface{ Failure() stream.Failure }
				if !errors.As(err, &failed) || failed.Failure() != test.want {
					t.Errorf("%v: %v, want %s", err, failed, test.want)
				}
			})
		})
	}
}
