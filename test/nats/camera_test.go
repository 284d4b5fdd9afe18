//go:build nats

package nats_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"mjpegazer/source/nats"
	"mjpegazer/stream"
	"mjpegazer/stream/streamtest"
)

// addressOf is the address of servers.
func addressOf(hosts ...string) nats.Servers {
	return nats.Servers{Address: "nats://" + strings.Join(hosts, ",")}
}

const interval = 40 * ms

var pictures = streamtest.OfSize(20_000)

// An edge is a program with a camera named door.
type edge struct {
	camera *streamtest.Camera
	stream *stream.Stream
	log    lockedBuffer
	nats.Publisher
}

// publish starts an edge, whose camera is open already if it stands by.
func publish(t *testing.T, servers nats.Servers, rank int, instance string) *edge {
	t.Helper()
	e := &edge{camera: &streamtest.Camera{Interval: interval, JPEG: pictures.JPEG}}
	e.stream = stream.New(e.camera, stream.Options{Keep: rank > 0})
	e.Servers, e.Rank, e.Instance = servers, rank, instance
	e.Log = slog.New(slog.NewTextHandler(&e.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	e.Publish([]nats.Published{{Name: "door", Stream: e.stream}})
	t.Cleanup(func() {
		e.Close()
		e.stream.Close()
	})
	return e
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// A node reads the door of the edges.
type node struct {
	*stream.Stream
	viewer *stream.Viewer
	t      *testing.T
	log    lockedBuffer
}

func watch(t *testing.T, servers nats.Servers, instance string) *node {
	t.Helper()
	n := &node{t: t}
	log := slog.New(slog.NewTextHandler(&n.log, nil))
	n.Stream = stream.New(&nats.Camera{Servers: servers, Name: "door", Instance: instance, Log: log}, stream.Options{})
	n.viewer = n.View(stream.ViewerOptions{})
	t.Cleanup(func() {
		n.viewer.Close()
		n.Close()
		if t.Failed() {
			t.Logf("the node says:\n%s", n.log.String())
		}
	})
	return n
}

// An arrival is a picture that a node has had.
type arrival struct {
	*stream.Frame
	edge string
	age  time.Duration // by the stamp in the picture
}

// next is the next picture, which must be whole.
func (n *node) next(limit time.Duration) (arrival, bool) {
	n.t.Helper()
	frame, ok := n.frame(limit)
	if !ok {
		return arrival{}, false
	}
	if _, err := pictures.Check(frame.JPEG()); err != nil {
		n.t.Fatal(err)
	}
	_, taken, err := streamtest.ReadStamp(frame.JPEG())
	if err != nil || len(frame.Via) == 0 {
		n.t.Fatal(err, frame.Via)
	}
	return arrival{frame, frame.Via[0], frame.Arrived.Sub(taken)}, true
}

func (n *node) frame(limit time.Duration) (*stream.Frame, bool) {
	n.t.Helper()
	ctx, cancel := contextFor(n.t, limit)
	defer cancel()
	frame, err := n.viewer.Next(ctx)
	return frame, err == nil
}

// some waits for so many pictures.
func (n *node) some(count int) (last arrival) {
	n.t.Helper()
	for range count {
		var ok bool
		if last, ok = n.next(20 * time.Second); !ok {
			n.t.Fatalf("no picture in 20 s: %s", n.Stats().Error)
		}
	}
	return last
}

// during collects what a node has for some time, and the longest pause in it, also that which has not ended.
func (n *node) during(d time.Duration) (all []arrival, gap time.Duration) {
	n.t.Helper()
	before := time.Now()
	for end := before.Add(d); ; {
		left := time.Until(end)
		if left <= 0 {
			return all, max(gap, time.Since(before))
		}
		a, ok := n.next(left)
		if !ok {
			continue
		}
		all, gap, before = append(all, a), max(gap, a.Arrived.Sub(before)), a.Arrived
	}
}
