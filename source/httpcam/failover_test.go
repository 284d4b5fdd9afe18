package httpcam_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router"
	"mjpegazer/source"
	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// When an address fails, the next one is read at once: refused, cut, frozen, not there; before the head of its answer or after.
func TestFailover(t *testing.T) {
	const idle = time.Second
	for name, test := range map[string]struct {
		a        func(net.Conn, *http.Request)
		first    string
		dialled  []string
		seen     []string
		promised time.Duration
	}{
		"refused":   {a: nil, dialled: []string{"0s a", "0s b"}, seen: []string{"0s 2"}},
		"not there": {a: silent, first: "hole", dialled: []string{"0s hole", "1s b"}, seen: []string{"1s 2"}},
		"no head":   {a: silent, dialled: []string{"0s a", "1s b"}, seen: []string{"1s 2"}},
		"status":    {a: answers("503 No"), dialled: []string{"0s a", "0s b"}, seen: []string{"0s 2"}},
		"cut":       {a: sends(1, 5*time.Second, false), dialled: []string{"0s a", "5s b"}, seen: []string{"0s 1", "5s 2"}},
		"frozen":    {a: sends(1, 5*time.Second, true), dialled: []string{"0s a", "5.9s b"}, seen: []string{"0s 1", "5.9s 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				first := "a"
				if test.first != "" {
					first = test.first
				}
				n.set(first, test.a)
				n.set("b", sends(2, time.Hour, false))
				seen, err := n.run(t, &httpcam.Camera{URL: "http://" + first, Also: []string{"http://b"}, DialTime: idle, HeadTime: idle, IdleTime: idle}, 20*time.Second)
				if !slices.Equal(seen, test.seen) || err != context.DeadlineExceeded {
					t.Errorf("%v, pictures at %q, want %q", err, seen, test.seen)
				}
				n.expect(t, test.dialled...)
			})
		})
	}
}

// Each address is tried once before the Stream pauses. One that was good for a while is tried again, and the reasons are those of
// all.
func TestFailoverTriesEachOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.set("a", sends(1, 10*time.Second, false))
		n.set("c", answers("500 No"))
		seen, err := n.run(t, &httpcam.Camera{URL: "http://a", Also: []string{"http://b/x?key=canary", "http://u:canary@c"}}, time.Hour)
		n.expect(t, "0s a", "10s b", "10s c")
		if !slices.Equal(seen, []string{"0s 1"}) {
			t.Errorf("%q", seen)
		}
		for _, want := range []string{"http://a: the camera ended its stream", "http://b/x: the camera refuses the connection", "http://c: the camera answered 500"} {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
				t.Errorf("%v; want %q", err, want)
			}
		}
		n.set("b", sends(2, 10*time.Second, false))
		n.set("c", sends(3, 100*time.Millisecond, false)) // a flapping one does not make the others be tried without end
		if seen, _ = n.run(t, &httpcam.Camera{URL: "http://a", Also: []string{"http://b", "http://c"}}, 35*time.Second); len(seen) < 3 {
			t.Errorf("%q", seen)
		}
		n.expect(t, "10s a", "20s b", "30s a")
	})
}

// A Stream has no pause while there is an address that works, then one as for a camera with one address.
func TestFailoverPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := stream.New(&httpcam.Camera{URL: "http://a", Also: []string{"http://b"}, DialContext: n.dial}, stream.Options{})
		defer n.all.closed(t)
		defer s.Close()
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		time.Sleep(200 * time.Millisecond)
		n.expect(t, "0s a", "0s b")
		time.Sleep(60 * time.Second)
		n.mu.Lock()
		defer n.mu.Unlock()
		if got := len(n.dialled); got < 50 || got > 80 { // a pair each 2 s
			t.Errorf("%d dialled in a minute: %q", got, n.dialled)
		}
	})
}

// The address that was good last comes first. A stream is never cut for a better address: that is read again when nobody watches,
// if it has not failed for a minute.
func TestFailoverReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.set("b", sends(2, 24*time.Hour, false))
		s := stream.New(&httpcam.Camera{URL: "http://a", Also: []string{"http://b"}, DialContext: n.dial}, stream.Options{})
		defer n.all.closed(t)
		defer s.Close()
		watch := func(d time.Duration) {
			v := s.View(stream.ViewerOptions{})
			time.Sleep(d)
			v.Close()
			time.Sleep(time.Millisecond)
		}
		watch(5 * time.Second)
		n.expect(t, "0s a", "0s b")
		n.set("a", sends(1, 24*time.Hour, false))
		watch(5 * time.Second)
		n.expect(t, "5.001s b")
		watch(time.Hour)
		n.expect(t, "10.002s b")
		watch(time.Second)
		n.expect(t, "1h0m10.003s a")
	})
}

// An address that refuses the login is left alone, whatever the others do: it may lock the account.
func TestFailoverLeavesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.set("a", answers("401 No\r\nWWW-Authenticate: Basic realm=x"))
		s := stream.New(&httpcam.Camera{URL: "http://u:canary@a", Also: []string{"http://b"}, DialContext: n.dial}, stream.Options{})
		defer n.all.closed(t)
		defer s.Close()
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		time.Sleep(29 * time.Second)
		asked := func() (times int) {
			n.mu.Lock()
			defer n.mu.Unlock()
			for _, line := range n.dialled {
				if strings.HasSuffix(line, " a") {
					times++
				}
			}
			return times
		}
		if got := asked(); got != 2 { // without the login, and with it
			t.Errorf("asked %d times within 29 s", got)
		}
		time.Sleep(5 * time.Second)
		if got := asked(); got != 4 {
			t.Errorf("asked %d times within 34 s", got)
		}
		if text := s.Stats().Error; !strings.Contains(text, "requires a login") && !strings.Contains(text, "refuses the login") || strings.Contains(text, "canary") {
			t.Error(text)
		}
		n.set("a", nil)
		n.set("b", answers("429 No\r\nRetry-After: 60"))
		time.Sleep(time.Hour)
	})
}

// A camera that stalls is read from the next address in the next run.
func TestFailoverAfterAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.set("a", func(conn net.Conn, _ *http.Request) {
			drip(conn, streamHead+strings.Repeat("X", 1000), 100*time.Millisecond)
		})
		n.set("b", sends(2, time.Hour, false))
		h := &httpcam.Camera{URL: "http://a", Also: []string{"http://b"}, DialContext: n.dial, HeadTime: time.Hour, IdleTime: time.Second}
		s := stream.New(h, stream.Options{Stall: 5 * time.Second})
		defer n.all.closed(t)
		defer s.Close()
		v := s.View(stream.ViewerOptions{})
		defer v.Close()
		time.Sleep(10 * time.Second)
		if s.Stats().State != stream.Live || len(n.dialled) != 2 {
			t.Errorf("%v, %q", s.Stats().State, n.dialled)
		}
	})
}

// The log says which address was given up, and why, and the facts which is read; neither with a secret.
func TestFailoverIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.set("a", nil)
		n.set("b", sends(2, time.Second, false))
		var log bytes.Buffer
		spec, err := source.Parse("http://u:canary@a/v#also=http://u:canary@b/w%3Fcanary&idle=1s", source.Defaults{Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		h := spec.Source.(*httpcam.Camera)
		h.DialContext = n.dial
		facts := ""
		h.Run(t.Context(), func(p stream.Picture) { facts += fmt.Sprint(p.Facts) })
		if want := `msg="camera address given up" address=http://a/v reason="the camera refuses the connection`; !strings.Contains(log.String(), want) {
			t.Errorf("%s; want %s", log.String(), want)
		}
		if !strings.Contains(facts, "address:http://b/w") || strings.Contains(facts+log.String(), "canary") {
			t.Errorf("%s\n%s", facts, log.String())
		}
	})
}

// A camera of one picture in 2 s, the first after 2 s, behind another mjpegazer is told from a dead one by idle=1s: it is never
// down, whatever the heartbeat there, and its session never ends.
func TestSlowCameraBehindIdle(t *testing.T) {
	for _, heartbeat := range []time.Duration{300 * time.Millisecond, 4 * time.Second, 0} {
		t.Run(heartbeat.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				camera := &streamtest.Camera{Interval: 2 * time.Second}
				far := stream.New(stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
					time.Sleep(2 * time.Second)
					return camera.Run(ctx, emit)
				}), stream.Options{})
				defer far.Close()
				listener, requests := make(pipes), 0
				handler := router.New([]router.Camera{{Name: "door", Stream: far}}, router.Options{Heartbeat: heartbeat})
				server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					requests++
					handler.ServeHTTP(w, r)
				})}
				go server.Serve(listener)
				defer server.Close()
				defer close(listener)
				h := &httpcam.Camera{URL: "http://origin/door/live", HeadTime: time.Second, IdleTime: time.Second, DialContext: listener.dial}
				near := stream.New(h, stream.Options{})
				defer near.Close()
				v := near.View(stream.ViewerOptions{})
				defer v.Close()
				for range 600 {
					time.Sleep(100 * time.Millisecond)
					if stats := near.Stats(); stats.State == stream.Down {
						t.Fatal(stats.Error)
					}
				}
				if frames := near.Stats().Frames; requests != 1 || frames < 28 || frames > 31 {
					t.Errorf("%d requests, %d pictures", requests, frames)
				}
			})
		})
	}
}
