//go:build nats

package nats_test

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const ms = time.Millisecond

// serve starts a server at a free port, which options may change.
func serve(t *testing.T, change func(o *server.Options)) *server.Server {
	t.Helper()
	options := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, NoFastProducerStall: true}
	if change != nil {
		change(options)
	}
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	return s
}

func hostOf(s *server.Server) string { return s.Addr().String() }

// cluster starts three servers that know each other.
func cluster(t *testing.T) (all []*server.Server) {
	t.Helper()
	var routes []string
	for i := range 3 {
		all = append(all, serve(t, func(o *server.Options) {
			o.ServerName, o.Cluster.Name = fmt.Sprint("n", i), "c"
			o.Cluster.Host, o.Cluster.Port = "127.0.0.1", server.RANDOM_PORT
			o.Cluster.NoAdvertise = true // clients know those that they are told of, and no other
			o.Routes = server.RoutesFromStr(strings.Join(routes, ","))
		}))
		routes = append(routes, (&url.URL{Scheme: "nats", Host: all[i].ClusterAddr().String()}).String())
	}
	eventually(t, "the cluster is whole", func() bool {
		for _, s := range all {
			if s.NumRoutes() < 2 {
				return false
			}
		}
		return true
	})
	return all
}

// eventually waits for something that takes no time at all on a fast machine.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * ms) {
		if time.Now().After(end) {
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

// A relay is the network between a client and a server, which can be cut and can hang.
type relay struct {
	to       string
	listener net.Listener

	mu      sync.Mutex
	conns   map[net.Conn]bool
	frozen  chan struct{} // closed when it goes on; nil: it is not frozen
	refuses bool
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{to: to, listener: l, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { r.thaw(); l.Close(); r.cut() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.pass(c)
		}
	}()
	return r
}

func (r *relay) host() string { return r.listener.Addr().String() }

func (r *relay) pass(c net.Conn) {
	defer c.Close()
	r.wait()
	s, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer s.Close()
	r.mu.Lock()
	refuses := r.refuses
	r.conns[c], r.conns[s] = true, true
	r.mu.Unlock()
	if refuses {
		return
	}
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{c, s}, {s, c}} {
		both.Go(func() {
			b := make([]byte, 16<<10)
			for {
				n, err := way[0].Read(b)
				r.wait()
				if _, err2 := way[1].Write(b[:n]); err != nil || err2 != nil {
					way[1].Close()
					way[0].Close()
					return
				}
			}
		})
	}
	both.Wait()
}

// wait returns when bytes may pass.
func (r *relay) wait() {
	r.mu.Lock()
	frozen := r.frozen
	r.mu.Unlock()
	if frozen != nil {
		<-frozen
	}
}

// freeze lets nothing pass any more, and closes nothing.
func (r *relay) freeze() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.frozen == nil {
		r.frozen = make(chan struct{})
	}
}

func (r *relay) thaw() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.frozen != nil {
		close(r.frozen)
		r.frozen = nil
	}
}

// cut ends all connections, and lets nobody in until it is mended.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuses = true
	for c := range r.conns {
		c.Close()
	}
	clear(r.conns)
}

func (r *relay) mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuses = false
}
