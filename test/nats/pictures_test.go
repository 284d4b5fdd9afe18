//go:build nats

package nats_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"

	"mjpegazer/source/nats"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

func contextFor(t *testing.T, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), limit)
}

// spy subscribes to everything.
func spy(t *testing.T, s *server.Server) chan *client.Msg {
	t.Helper()
	conn, err := client.Connect("nats://" + hostOf(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	all := make(chan *client.Msg, 10_000)
	if _, err := conn.ChanSubscribe("mjpegazer.>", all); err != nil {
		t.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	return all
}

// counts are the messages so far, by the end of their subjects.
func counts(all chan *client.Msg) map[string]int {
	by := map[string]int{}
	for len(all) > 0 {
		m := <-all
		by[m.Subject[strings.LastIndexByte(m.Subject, '.')+1:]]++
	}
	return by
}

// A camera that nobody wants is neither read nor published. One that five nodes want is published once, and each has the edge's
// pictures, byte by byte, and their times to the microsecond. It ends when nobody wants it any more.
func TestWanted(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	all := spy(t, s)
	e := publish(t, addressOf(hostOf(s)), 0, "edge")
	eventually(t, "the edge is there", func() bool { return s.NumSubscriptions() >= 3 })
	time.Sleep(600 * ms)
	if by := counts(all); len(by) > 0 || e.camera.Sent() > 0 {
		t.Errorf("nobody watches: %v, %d pictures", by, e.camera.Sent())
	}
	nodes := make([]*node, 5)
	for i := range nodes {
		nodes[i] = watch(t, addressOf(hostOf(s)), fmt.Sprint("node", i))
		nodes[i].some(1)
	}
	counts(all)
	before := e.camera.Sent()
	for range 25 {
		for _, n := range nodes {
			a := n.some(1) // which is whole
			if _, taken, _ := streamtest.ReadStamp(a.JPEG()); a.Time.UnixMicro() != taken.UnixMicro() || a.edge != "edge" {
				t.Errorf("from %s: taken at %v, not at %v", a.edge, a.Time, taken)
			}
		}
	}
	time.Sleep(2 * interval)
	by, taken := counts(all), e.camera.Sent()-before
	if by["frames"] > taken+2 || by["frames"] < 20 || by["want"] == 0 || by["beat"] == 0 {
		t.Errorf("%v, of %d pictures", by, taken)
	}
	for _, n := range nodes {
		n.viewer.Close()
	}
	eventually(t, "the edge's camera is closed", func() bool { now, _ := e.camera.Running(); return now == 0 })
	time.Sleep(200 * ms)
	counts(all)
	time.Sleep(300 * ms)
	if by := counts(all); len(by) > 0 {
		t.Errorf("nobody watches any more: %v", by)
	}
}

// Nobody has the camera: that is said within a second. It is there soon after an edge is.
func TestNoEdge(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	n := watch(t, addressOf(hostOf(s)), "node")
	begun := time.Now()
	eventually(t, "it is down", func() bool { return n.Stats().State == stream.Down })
	stats, took := n.Stats(), time.Since(begun)
	if took > 5*time.Second || stats.Error != "no edge has this camera" || stats.Retry < 2*time.Second {
		t.Errorf("after %v: %s, again in %v", took, stats.Error, stats.Retry)
	}
	t.Logf("said after %v", took.Round(ms))
	publish(t, addressOf(hostOf(s)), 0, "edge")
	begun = time.Now()
	n.some(1)
	t.Logf("shown %v after the edge is there", time.Since(begun).Round(ms))
}

// A camera that fails at the edge fails at the node, for the same reason, and so does one whose pictures are too large for the servers.
func TestReasonsOfEdges(t *testing.T) {
	t.Parallel()
	s := serve(t, func(o *server.Options) { o.MaxPayload, o.MaxPending = 30_000, 1<<20 })
	for reason, camera := range map[string]*streamtest.Camera{
		"the lens is dirty":        {Err: errors.New("the lens is dirty")},
		"raise max_payload, which": {JPEG: streamtest.OfSize(40_000).JPEG},
	} {
		p := nats.Publisher{Servers: addressOf(hostOf(s)), Instance: "edge"}
		p.Servers.Root = "root" + reason[:3]
		door := stream.New(camera, stream.Options{})
		defer door.Close()
		p.Publish([]nats.Published{{Name: "door", Stream: door}})
		defer p.Close()
		n := watch(t, p.Servers, "node")
		eventually(t, reason, func() bool {
			stats := n.Stats()
			return stats.State == stream.Down && strings.Contains(stats.Error, reason)
		})
	}
}

// A wrong password, a missing permission and a server that is not there are reasons, without secrets.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := serve(t, func(o *server.Options) {
		o.Users = []*server.User{
			{Username: "ann", Password: "canary1"},
			{Username: "bob", Password: "canary2", Permissions: &server.Permissions{
				Publish: &server.SubjectPermission{Allow: []string{"nothing"}}, Subscribe: &server.SubjectPermission{Allow: []string{"nothing"}},
			}},
			{Username: "cid", Password: "canary3", Permissions: &server.Permissions{
				Publish: &server.SubjectPermission{Allow: []string{"nothing"}}, Subscribe: &server.SubjectPermission{Allow: []string{">"}},
			}},
		}
	})
	for login, reason := range map[string]string{
		"ann:canary0":    "refuses the login",
		"canary0":        "refuses the login",
		"bob:canary2":    "does not let this user subscribe to mjpegazer.door.",
		"cid:canary3":    "does not let this user publish to mjpegazer.door.want",
		"":               "refuses the login",
		"ann:canary1":    "no edge has this camera",
		"ann:canary1@h:": "", // another server, which is not there
	} {
		servers := addressOf(strings.TrimPrefix(login+"@", "@") + hostOf(s))
		if login == "" {
			servers = addressOf(hostOf(s))
		}
		if reason == "" {
			servers, reason = addressOf("ann:canary1@127.0.0.1:1,127.0.0.1:2"), "none of the NATS servers can be reached"
		}
		n := watch(t, servers, "node")
		eventually(t, reason, func() bool { return n.Stats().Error != "" })
		if text := n.Stats().Error; !strings.Contains(text, reason) || strings.Contains(text+n.log.String(), "canary") {
			t.Errorf("%s: %s", login, text)
		}
		e := publish(t, servers, 0, "edge")
		if reason != "no edge has this camera" && !strings.HasPrefix(login, "cid") { // whom nobody asks
			eventually(t, "the edge says so", func() bool { return strings.Contains(e.log.String(), "cannot be published") })
		}
		if strings.Contains(e.log.String(), "canary") {
			t.Error(e.log.String())
		}
		e.Close()
	}
}

// An address is refused for what is wrong with it, without repeating it.
func TestAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"nats://a,b:4222,[::1]:4222": true, "tls://u:p%40@a": true, "wss://token@a:443/": true, "NATS://a": true,
		"nats://": false, "nats://a,,b": false, "nats://u:can@ary@a": false, "nats://u:canary@a,u:canary@b": false, "http://a": false, "a": false,
		"nats://a/canary": false, "nats://a?canary": false, "nats://a:canary": false, "nats://u:canary%zz@a": false,
	} {
		err := nats.Servers{Address: address}.Check()
		if (err == nil) != want || err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", address, err)
		}
		if shown := nats.Display(address); strings.Contains(shown, "u:") || strings.Contains(shown, "token") {
			t.Errorf("%s is shown as %s", address, shown)
		}
	}
	for _, s := range []nats.Servers{{Root: "a b"}, {Root: "a.*"}, {Root: "a..b"}, {Creds: "canary"}, {NKey: "canary"}, {CA: "canary"}} {
		s.Address = "nats://a"
		if err := s.Check(); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// Names with dots, and another root.
func TestNames(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	servers := addressOf(hostOf(s))
	servers.Root = "our.cameras"
	p := nats.Publisher{Servers: servers, Instance: "edge"}
	door := stream.New(&streamtest.Camera{JPEG: pictures.JPEG}, stream.Options{})
	defer door.Close()
	p.Publish([]nats.Published{{Name: "a..b.", Stream: door}})
	defer p.Close()
	n := stream.New(&nats.Camera{Servers: servers, Name: "a..b."}, stream.Options{})
	defer n.Close()
	ctx, cancel := contextFor(t, 20*time.Second)
	defer cancel()
	for range n.Frames(ctx) {
		return
	}
	t.Error(n.Stats().Error)
}

// What is published changes while others go on.
func TestCamerasChange(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	e := publish(t, addressOf(hostOf(s)), 0, "edge")
	n := watch(t, addressOf(hostOf(s)), "node")
	n.some(1)
	e.Publish(nil)
	eventually(t, "it is gone", func() bool { return n.Stats().Error == "no edge has this camera" })
	e.Publish([]nats.Published{{Name: "door", Stream: e.stream}})
	n.some(1)
}

// A program that publishes what it gets from others, by way of them from itself, shows nothing and says why.
func TestCircle(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	left, right := addressOf(hostOf(s)), addressOf(hostOf(s))
	left.Root, right.Root = "left", "right"
	var streams []*stream.Stream
	for i, way := range [][2]nats.Servers{{left, right}, {right, left}} {
		name := fmt.Sprint("program", i)
		door := stream.New(&nats.Camera{Servers: way[0], Name: "door", Instance: name}, stream.Options{})
		p := nats.Publisher{Servers: way[1], Instance: name}
		p.Publish([]nats.Published{{Name: "door", Stream: door}})
		t.Cleanup(func() { p.Close(); door.Close() })
		streams = append(streams, door)
	}
	v := streams[0].View(stream.ViewerOptions{})
	defer v.Close()
	eventually(t, "it is a circle", func() bool { return strings.Contains(streams[0].Stats().Error, "its own source") })
	if streams[0].Stats().Frames > 0 {
		t.Error("there are pictures")
	}
	alone := stream.New(&nats.Camera{Servers: left, Name: "own", Instance: "program0"}, stream.Options{})
	p := nats.Publisher{Servers: left, Instance: "program0"}
	p.Publish([]nats.Published{{Name: "own", Stream: alone}})
	defer alone.Close()
	defer p.Close()
	w := alone.View(stream.ViewerOptions{})
	defer w.Close()
	eventually(t, "it is a circle", func() bool { return strings.Contains(alone.Stats().Error, "its own source") })
}
