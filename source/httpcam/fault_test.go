package httpcam_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/source/httpcam"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

var small = streamtest.OfPixels(16, 16)

// numbered is a picture that carries a number.
func numbered(n int) []byte { return small.JPEG(n, time.Unix(1_700_000_000, 0)) }

// numberOf returns the number of a picture, and fails unless it is exactly what was sent.
func numberOf(t testing.TB, jpeg []byte) int {
	t.Helper()
	n, err := small.Check(jpeg)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// watch receives pictures until ctx is done, and fails if one is older than the last.
func watch(ctx context.Context, t testing.TB, s *stream.Stream, each func(n int)) {
	v := s.View(stream.ViewerOptions{})
	defer v.Close()
	last := -1
	for {
		frame, err := v.Next(ctx)
		if err != nil {
			if ctx.Err() == nil {
				t.Error("the viewer was sent away: ", err)
			}
			return
		}
		n := numberOf(t, frame.JPEG())
		if n <= last {
			t.Errorf("picture %d after %d", n, last)
		}
		last = n
		each(n)
	}
}

// A camera that dies in the middle of a picture, again and again, shows no torn one, and the viewers stay.
func TestFaultDiesInMidFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		var back atomic.Pointer[time.Time]
		c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
			now := time.Now()
			back.Store(&now)
			fmt.Fprint(conn, streamHead)
			for range 3 {
				fmt.Fprint(conn, part(numbered(int(n.Add(1)-1))))
				time.Sleep(40 * time.Millisecond)
			}
			fmt.Fprint(conn, part(numbered(int(n.Add(1) - 1)))[:300])
			return false
		}}
		s := stream.New(&httpcam.Camera{URL: "http://cam/", DialContext: c.dial}, stream.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		var waits []time.Duration
		watch(ctx, t, s, func(got int) {
			if got%4 == 0 {
				waits = append(waits, time.Since(*back.Load()))
			}
			if n.Load() > 400 {
				cancel()
			}
		})
		for _, wait := range waits {
			if wait > time.Second {
				t.Errorf("a picture came %v after the camera was back", wait)
			}
		}
		if len(waits) < 99 || s.Stats().Damaged < 99 {
			t.Errorf("%d times, %+v", len(waits), s.Stats())
		}
		s.Close()
		c.closed(t)
	})
}

// A camera that is gone for an hour is asked now and then, and shown soon when it is back.
func TestFaultGoneForAnHour(t *testing.T) {
	for name, test := range map[string]struct {
		fail   func(ctx context.Context) error
		within time.Duration
		tries  int // at most
	}{
		"refuses":     {func(context.Context) error { return syscall.ECONNREFUSED }, 2 * time.Second, 2250},
		"has no name": {func(context.Context) error { return &net.DNSError{Name: "cam", IsNotFound: true} }, 11 * time.Second, 450},
		"black hole":  {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 16 * time.Second, 450},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				back := time.Now().Add(time.Hour)
				tries := 0
				c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
					fmt.Fprint(conn, streamHead+part(numbered(1)))
					time.Sleep(time.Millisecond)
					return false
				}}
				dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
					if time.Now().Before(back) {
						tries++
						return nil, test.fail(ctx)
					}
					return c.dial(ctx, network, addr)
				}
				s := stream.New(&httpcam.Camera{URL: "http://cam/", DialContext: dial}, stream.Options{})
				ctx, cancel := context.WithCancel(t.Context())
				watch(ctx, t, s, func(int) { cancel() })
				if late := time.Since(back); late > test.within || tries > test.tries {
					t.Errorf("%d tries; %v late", tries, late)
				}
				s.Close()
				c.closed(t)
			})
		})
	}
}

// A camera that serves one client is never asked by two, in a thousand connections.
func TestFaultServesOneClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		c := &camera{serve: func(conn net.Conn, _ *http.Request) bool {
			fmt.Fprint(conn, streamHead+part(numbered(int(n.Add(1)))))
			time.Sleep(time.Millisecond)
			return false
		}}
		s := stream.New(&httpcam.Camera{URL: "http://cam/", DialContext: c.dial}, stream.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		watch(ctx, t, s, func(int) {
			if n.Load() >= 1000 {
				cancel()
			}
		})
		s.Close()
		c.closed(t)
	})
}

// A camera that changes everything but the pictures loses none.
func TestFaultChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var want [][]byte
		text := streamHead
		for i := range 30 {
			one := picture(i, 16+8*(i%5), 16)
			want = append(want, one)
			text += fmt.Sprintf("\r\n--b%d\r\nContent-Type: image/%s\r\n\r\n%s", i/3, []string{"jpeg", "jpg", "x"}[i%3], one)
		}
		got, _, _ := serving(text).run(t, &httpcam.Camera{}, len(want))
		same(t, got, want)
	})
}

// Whatever a camera does, in any order, what each viewer gets is in order and as it was sent.
func TestFaultsAtRandom(t *testing.T) {
	schedules := 100
	if os.Getenv("MJPEGAZER_TEST") == "full" {
		schedules = 200
	}
	for seed := range schedules {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(uint64(seed), 3))
			c := &faulty{rnd: rand.New(rand.NewPCG(uint64(seed), 4))}
			c.serve = c.fault
			s := stream.New(&httpcam.Camera{URL: "http://cam/", DialContext: c.dialFaulty, MaxFrame: 10_000}, stream.Options{Linger: time.Second})
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+rnd.IntN(120))*time.Second)
			defer cancel()
			slow := time.Duration(rnd.IntN(300)) * time.Millisecond
			left := make(chan struct{})
			go func() {
				defer close(left)
				for ctx.Err() == nil {
					some, stop := context.WithTimeout(ctx, 7*time.Second)
					watch(some, t, s, func(int) { time.Sleep(slow) })
					stop()
					time.Sleep(3 * slow)
				}
			}()
			watch(ctx, t, s, func(int) {})
			<-left
			s.Close()
			c.closed(t)
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		})
	}
}

// faulty is a camera with random faults.
type faulty struct {
	camera
	mu  sync.Mutex // a connection that is closed may not know it yet when the next is made
	rnd *rand.Rand
	n   int // pictures sent
}

func (c *faulty) random(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rnd.IntN(n)
}

func (c *faulty) dialFaulty(ctx context.Context, network, addr string) (net.Conn, error) {
	switch c.random(12) {
	case 0:
		return nil, errors.New("no")
	case 1:
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return c.dial(ctx, network, addr)
}

// fault answers one request in some way.
func (c *faulty) fault(conn net.Conn, _ *http.Request) bool {
	hang := func() { conn.Read(make([]byte, 1)) }
	switch c.random(10) {
	case 0:
		hang()
	case 1:
		fmt.Fprint(conn, "HTTP/1.1 503 No\r\n\r\n")
	case 2:
		fmt.Fprint(conn, strings.Repeat("rubbish", c.random(100)))
	case 3:
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n%s", c.next())
	default:
		// The first is whole: of a camera that never ends its pictures a cut one may look complete.
		fmt.Fprint(conn, streamHead+part(c.next()))
		for c.random(30) > 0 {
			if _, err := fmt.Fprint(conn, c.piece()); err != nil {
				return false
			}
			time.Sleep(time.Duration(c.random(100)) * time.Millisecond)
		}
		if c.random(4) == 0 {
			hang()
		}
	}
	return false
}

// next is the next picture.
func (c *faulty) next() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return numbered(c.n)
}

// piece is a picture, or something else, of a stream.
func (c *faulty) piece() string {
	whole := part(c.next())
	scan := strings.Index(whole, "\xFF\xDA") + 14
	switch c.random(8) {
	case 0: // not in a segment: what follows could end it, and make a picture that cannot be told from a whole one
		return whole[:scan+c.random(len(whole)-scan)]
	case 1: // without its end, for the same reason
		return whole[c.random(len(whole)-4) : len(whole)-4]
	case 2:
		return "--x\r\nContent-Type: audio/basic\r\n\r\n" + strings.Repeat("\xFF\xD8\xFF", c.random(50)) + "\r\n"
	case 3: // too large
		return whole[:scan] + strings.Repeat("x", 20_000) + whole[scan:]
	}
	return whole
}
