package httpcam_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mjpegazer/router"
	"mjpegazer/source/httpcam"
	"mjpegazer/source/variant"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// Programs are servers of a camera named x, whose sources are cameras or other programs: http://NAME/x/live.
type programs struct {
	t       *testing.T
	servers map[string]pipes
	streams map[string]*stream.Stream
	ends    []func()
	asked   atomic.Int64 // requests
}

func newPrograms(t *testing.T) *programs {
	return &programs{t: t, servers: map[string]pipes{}, streams: map[string]*stream.Stream{}}
}

func (p *programs) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, _ := strings.Cut(addr, ":")
	if p.servers[host] == nil {
		return nil, fmt.Errorf("there is no %s", host)
	}
	conn, err := p.servers[host].dial(ctx, network, addr)
	return late{conn}, err
}

// late is a connection that is no faster than a real one.
type late struct{ net.Conn }

func (l late) Read(b []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return l.Conn.Read(b)
}

// of is a source that reads other programs, in this order.
func (p *programs) of(name string, others ...string) *httpcam.Camera {
	h := &httpcam.Camera{Instance: name, DialContext: p.dial}
	for _, other := range others {
		h.Also = append(h.Also, "http://"+other+"/x/live")
	}
	h.URL, h.Also = h.Also[0], h.Also[1:]
	return h
}

// add starts a program.
func (p *programs) add(name string, source stream.Source) {
	s := stream.New(source, stream.Options{})
	listener := make(pipes)
	p.servers[name], p.streams[name] = listener, s
	handler := router.New([]router.Camera{{Name: "x", Stream: s}}, router.Options{Instance: name, Heartbeat: 300 * time.Millisecond})
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		handler.ServeHTTP(w, r)
	})}
	go server.Serve(listener)
	p.ends = append(p.ends, func() {
		close(listener)
		server.Close()
	})
}

// end ends all programs.
func (p *programs) end() {
	for _, s := range p.streams {
		s.Close()
	}
	for _, end := range p.ends {
		end()
	}
}

// get returns the status and the body of one picture from a program, or the reason.
func (p *programs) get(name string) (status int, body string) {
	p.t.Helper()
	conn, _ := p.servers[name].dial(p.t.Context(), "", "")
	defer conn.Close()
	go io.WriteString(conn, "GET /x/snapshot HTTP/1.0\r\n\r\n")
	answer, _ := io.ReadAll(conn)
	fmt.Sscanf(string(answer), "HTTP/1.0 %d", &status)
	_, body, _ = strings.Cut(string(answer), "\r\n\r\n")
	return status, body
}

// Programs that read each other in a circle of any length say so at once, and leave each other alone.
func TestCircles(t *testing.T) {
	for length := 1; length <= 12; length++ {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPrograms(t)
				defer p.end()
				for n := range length {
					name := fmt.Sprint("n", n)
					p.add(name, p.of(name, fmt.Sprint("n", (n+1)%length)))
				}
				begun := time.Now()
				status, body := p.get("n0")
				if took := time.Since(begun); status != http.StatusServiceUnavailable || took > 5*time.Second {
					t.Errorf("%d after %v: %s", status, took, body)
				}
				last := p.streams[fmt.Sprint("n", length-1)].Stats().Error
				if !strings.Contains(last, "it cannot be its own source") {
					t.Error(last)
				}
				time.Sleep(time.Minute)
				if asked := p.asked.Load(); asked > int64(8*(length+1)) {
					t.Errorf("%d requests in a minute", asked)
				}
			})
		})
	}
}

// Two programs that have each other as a second address show no picture of a camera that is gone: it would go to and fro for ever,
// and look live. Nor do three, nor by way of a variant.
func TestPicturesDoNotCirculate(t *testing.T) {
	for _, length := range []int{2, 3} {
		for _, varied := range []bool{false, true} {
			for _, apart := range []time.Duration{0, time.Millisecond, 3 * time.Second} { // between the ends of two cameras
				t.Run(fmt.Sprint(length, varied, apart), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { testCirculation(t, length, varied, apart) })
				})
			}
		}
	}
}

func testCirculation(t *testing.T, length int, varied bool, apart time.Duration) {
	p := newPrograms(t)
	defer p.end()
	for n := range length { // each has a camera of its own, which ends, and then the next program
		name, camera := fmt.Sprint("n", n), fmt.Sprint("c", n)
		ends := time.Now().Add(10*time.Second + time.Duration(n)*apart)
		p.add(camera, stream.SourceFunc(func(ctx context.Context, emit func(stream.Picture)) error {
			ctx, cancel := context.WithDeadline(ctx, ends)
			defer cancel()
			(&streamtest.Camera{}).Run(ctx, emit)
			return stream.ErrEnded // its viewers are told
		}))
		source := stream.Source(p.of(name, camera, fmt.Sprint("n", (n+1)%length)))
		if varied {
			inner := stream.New(source, stream.Options{})
			defer inner.Close()
			source = variant.View{Stream: inner}
		}
		p.add(name, source)
	}
	for n := range length {
		v := p.streams[fmt.Sprint("n", n)].View(stream.ViewerOptions{})
		defer v.Close()
	}
	time.Sleep(10*time.Second + time.Duration(length)*apart + 15*time.Second)
	before := map[string]uint64{}
	for name, s := range p.streams {
		before[name] = s.Stats().Frames
	}
	time.Sleep(10 * time.Second)
	most := 25*uint64(10+length*int(apart/time.Second)) + 10
	for name, s := range p.streams {
		stats := s.Stats()
		if name[0] == 'n' && (stats.Frames > before[name] || before[name] == 0 || before[name] > most || stats.State == stream.Live) {
			t.Errorf("%s is %s, with %d pictures, of %d before: %s", name, stats.State, stats.Frames, before[name], stats.Error)
		}
	}
}

// A chain that is no circle works, up to 8 programs in front of the last; each learns by which its pictures came.
func TestChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrograms(t)
		defer p.end()
		p.add("n0", &streamtest.Camera{})
		for n := 1; n <= 9; n++ {
			name := fmt.Sprint("n", n)
			p.add(name, p.of(name, fmt.Sprint("n", n-1)))
		}
		if status, body := p.get("n8"); status != http.StatusOK {
			t.Errorf("%d: %s", status, body)
		}
		if via := p.streams["n3"]; via.Stats().Frames == 0 {
			t.Error("no pictures")
		}
		v := p.streams["n8"].View(stream.ViewerOptions{})
		defer v.Close()
		if f, err := v.Next(t.Context()); err != nil || f.Via.String() != "n7, n6, n5, n4, n3, n2, n1, n0" {
			t.Errorf("%v: %v", err, f.Via)
		}
		go p.get("n9")
		time.Sleep(5 * time.Second)
		if text := p.streams["n9"].Stats().Error; !strings.Contains(text, "more than 8") {
			t.Error(text)
		}
		time.Sleep(10 * time.Second)
	})
}

// A viewer that claims to be the program that its pictures come from keeps nobody else from a camera.
func TestFalseClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrograms(t)
		defer p.end()
		p.add("edge", &streamtest.Camera{})
		p.add("origin", p.of("origin", "edge"))
		p.add("node", p.of("node", "origin"))
		for _, claim := range []string{"edge", "origin", "x, edge, origin, node"} {
			conn, _ := p.servers["node"].dial(t.Context(), "", "")
			go fmt.Fprintf(conn, "GET /x/live HTTP/1.1\r\nHost: node\r\nX-Mjpegazer-Instance: %s\r\n\r\n", claim)
			go io.Copy(io.Discard, conn)
			defer conn.Close()
			if status, body := p.get("node"); status != http.StatusOK {
				t.Errorf("%s: %d %s", claim, status, body)
			}
			time.Sleep(time.Minute)
		}
	})
}
