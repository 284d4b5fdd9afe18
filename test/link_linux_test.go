package test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A link is a way between two hosts that exist in network namespaces alone: what one sends arrives at the other as late,
// and as incompletely, as the link says. The tests carry its packets themselves, because kernels without netem are common.
type link struct {
	rate  int           // bytes a second, each way
	delay time.Duration // one way
	queue int           // bytes that wait before packets are dropped
	loss  float64       // share of packets that are dropped anyway

	cut       atomic.Bool // nothing arrives any more
	near, far *host
}

// A host is one end of a link.
type host struct {
	address   string
	namespace int      // a file that is its network namespace
	tun       *os.File // its only way out
}

// lay makes a link's hosts. The goroutine of the test, and no other, is at one of them from then on, first at the near one.
func (l *link) lay(t *testing.T) {
	t.Helper()
	ip := need(t, "ip", "iproute2")
	runtime.LockOSThread() // and never unlocks: the thread ends with the test
	l.near, l.far = newHost(t, ip, "10.99.0.1"), newHost(t, ip, "10.99.0.2")
	go l.carry(l.near.tun, l.far.tun)
	go l.carry(l.far.tun, l.near.tun)
	l.near.enter(t)
}

func newHost(t *testing.T, ip, address string) *host {
	t.Helper()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		lacks(t, "a network namespace", err)
	}
	namespace, err := unix.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(namespace) })
	tun, err := openTun("link0")
	if err != nil {
		lacks(t, "a TUN device", err)
	}
	t.Cleanup(func() { tun.Close() })
	for _, line := range []string{
		"link set lo up",
		"address add " + address + "/24 dev link0",
		"link set link0 up txqueuelen 1000",
		"route change 10.99.0.0/24 dev link0 congctl cubic", // what nearly everybody has
	} {
		if out, err := exec.Command(ip, strings.Fields(line)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v\n%s", line, err, out)
		}
	}
	return &host{address, namespace, tun}
}

// lacks skips a test for want of a privilege or of something in the kernel.
func lacks(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s: %v", what, err)
	}
	t.Skipf("needs %s (%v): run it as root, or under unshare -rn", what, err)
}

func openTun(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// enter brings the test to the host: sockets and programs that it makes now are there.
func (h *host) enter(t *testing.T) {
	t.Helper()
	if err := unix.Setns(h.namespace, unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
}

// url is where the far host finds a program that listens everywhere at this one.
func (h *host) url(p *program) string { return strings.Replace(p.url, "127.0.0.1", h.address, 1) }

// A packet is on its way.
type packet struct {
	data []byte
	due  time.Time
}

// carry takes packets one way until the test ends.
func (l *link) carry(from, to *os.File) {
	way := make(chan packet, 1<<16)
	defer close(way)
	go func() {
		for p := range way {
			time.Sleep(time.Until(p.due))
			to.Write(p.data) // as a link, it does not care
		}
	}()
	var free time.Time // when what was sent before has left the queue
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		now := time.Now()
		if free.Before(now) {
			free = now
		}
		waiting := int(free.Sub(now).Seconds() * float64(l.rate))
		if waiting+n > l.queue || rand.Float64() < l.loss || l.cut.Load() {
			continue
		}
		free = free.Add(time.Duration(n) * time.Second / time.Duration(l.rate))
		way <- packet{append([]byte(nil), buffer[:n]...), free.Add(l.delay)}
	}
}
