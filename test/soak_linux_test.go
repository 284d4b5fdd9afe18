package test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

var soakTime = flag.Duration("soak", 12*time.Second, "how long TestSoak lasts; by hand: go test ./test -run Soak -soak 2h -timeout 3h -v")

// A moody camera does something else on every connection.
type moody struct {
	net.Listener
	pictures streamtest.Pictures
	taken    atomic.Int64
	serving  sync.WaitGroup

	mu     sync.Mutex
	random *rand.Rand
}

func newMoody(tb testing.TB, seed uint64) *moody {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	m := &moody{Listener: l, pictures: streamtest.OfSize(20_000), random: rand.New(rand.NewPCG(seed, seed))}
	m.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			m.serving.Go(func() { m.serve(conn) })
		}
	})
	tb.Cleanup(func() {
		l.Close()
		m.serving.Wait()
	})
	return m
}

func (m *moody) choose(n int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.random.IntN(n)
}

func (m *moody) part() []byte {
	p := m.pictures.JPEG(int(m.taken.Add(1)), time.Now())
	return append(fmt.Appendf(nil, "--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n", len(p)), append(p, '\r', '\n')...)
}

// serve sends some pictures and then fails in one of the ways in which cameras do.
func (m *moody) serve(conn net.Conn) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	request.Body.Close()
	mood := m.choose(9)
	switch mood {
	case 0:
		io.WriteString(conn, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
		return
	case 1:
		io.WriteString(conn, "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>busy</html>")
		return
	case 2:
		io.CopyN(conn, noiseSource{m}, 100_000)
		return
	}
	io.WriteString(conn, "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n")
	for range 20 + m.choose(100) {
		if _, err := conn.Write(m.part()); err != nil {
			return
		}
		time.Sleep(40 * time.Millisecond)
	}
	part := m.part()
	switch mood {
	case 3: // in good order
		conn.Write(part)
	case 4: // in the middle of a picture
		conn.Write(part[:m.choose(len(part))])
	case 5: // by a reset
		conn.Write(part[:len(part)/2])
		conn.(*net.TCPConn).SetLinger(0)
	case 6: // by silence
		time.Sleep(time.Duration(2+m.choose(12)) * time.Second)
	case 7: // by a picture that never ends
		conn.Write(part[:len(part)-20])
		io.CopyN(conn, noiseSource{m}, 5_000_000)
	case 8: // byte by byte
		for i := range part[:2000] {
			conn.Write(part[i : i+1])
			time.Sleep(time.Millisecond)
		}
	}
}

// noiseSource is rubbish without end.
type noiseSource struct{ *moody }

func (n noiseSource) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i * 7)
	}
	return len(p), nil
}

// A reading is what the program holds at one time.
type reading struct {
	resident                float64 // KB
	goroutines, descriptors int
}

func read(tb testing.TB, p *program) reading {
	tb.Helper()
	request, err := http.NewRequest("GET", p.url+"/status", nil)
	if err != nil {
		tb.Fatal(err)
	}
	request.Close = true // a connection kept alive would count among the descriptors
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	var status struct{ Goroutines int }
	if err := json.NewDecoder(response.Body).Decode(&status); err != nil {
		tb.Fatal(err)
	}
	open, err := os.ReadDir("/proc/" + strconv.Itoa(p.pid) + "/fd")
	if err != nil {
		tb.Fatal(err)
	}
	return reading{resident(tb, p.pid), status.Goroutines, len(open)}
}

func (r reading) String() string {
	return fmt.Sprintf("%.1f MB resident, %d goroutines, %d descriptors", r.resident/1024, r.goroutines, r.descriptors)
}

// TestSoak lets cameras fail in every way while viewers come and go, and sees that nothing is left over and nobody was shown
// anything but what a camera sent, in its order.
func TestSoak(t *testing.T) {
	if *soakTime < time.Minute {
		t.Parallel()
	}
	var cameras []*moody
	args := []string{anyPort, "-linger=1s"}
	for i := range 4 {
		cameras = append(cameras, newMoody(t, uint64(i)))
		args = append(args, fmt.Sprintf("c%d=http://%s/video", i, cameras[i].Addr()))
	}
	p := start(t, command(t, args...))
	idle := read(t, p)
	t.Log("idle:    ", idle)

	ctx, cancel := context.WithTimeout(t.Context(), *soakTime)
	defer cancel()
	var watching sync.WaitGroup
	var seen atomic.Int64
	for i := range 40 {
		watching.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for ctx.Err() == nil {
				n, err := soakViewer(ctx, cameras[i%4].pictures, fmt.Sprintf("%s/c%d/live", p.url, i%4), random)
				if seen.Add(n); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for every := max(*soakTime/24, time.Second); ctx.Err() == nil; {
		select {
		case <-time.After(every):
			t.Log(read(t, p), seen.Load(), "pictures seen")
		case <-ctx.Done():
		}
	}
	watching.Wait()
	var rest reading
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if rest = read(t, p); rest.goroutines <= idle.goroutines && rest.descriptors <= idle.descriptors {
			break
		}
	}
	t.Log("at rest: ", rest, seen.Load(), "pictures seen")
	if rest.goroutines > idle.goroutines || rest.descriptors > idle.descriptors || !racing && rest.resident > idle.resident+48*1024 {
		t.Errorf("idle it had %v, and after all were gone %v", idle, rest)
		p.cmd.Process.Signal(syscall.SIGQUIT) // it says what each goroutine does
	}
	if seen.Load() == 0 {
		t.Error("nobody saw a picture")
	}
}

// soakViewer watches for some seconds, sometimes slowly, and counts the pictures.
func soakViewer(ctx context.Context, want streamtest.Pictures, address string, random *rand.Rand) (seen int64, err error) {
	v, err := dial(address, 32<<10)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", address, err)
	}
	defer v.close()
	if v.status != "HTTP/1.1 200 OK" { // the camera gave no picture in time
		return 0, nil
	}
	if err := v.expect("--frame\r\n"); err != nil {
		return 0, err
	}
	slow := random.IntN(4) == 0
	end := time.Now().Add(time.Duration(1+random.IntN(20)) * time.Second)
	last := 0
	for ctx.Err() == nil && time.Now().Before(end) {
		v.within(40 * time.Second)
		part, err := v.next()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return seen, fmt.Errorf("%s: no picture for 40 s", address)
		}
		if err != nil {
			return seen, fmt.Errorf("%s: %w", address, err)
		}
		n, err := want.Check(part.jpeg)
		if again := n == last && part.repeated(); err != nil || n <= last && !again {
			return seen, fmt.Errorf("picture %d after %d: %w", n, last, err)
		}
		last = n
		seen++
		if slow {
			time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		}
	}
	return seen, nil
}
