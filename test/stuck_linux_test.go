package test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// viewersOf is how many viewers a program says that its first camera has.
func viewersOf(t *testing.T, p *program) int {
	t.Helper()
	conn := connect(t, p) // by the test's own goroutine, which may be in a network namespace
	defer conn.Close()
	io.WriteString(conn, "GET /status HTTP/1.0\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	var status struct{ Cameras []struct{ Viewers int } }
	if err := json.NewDecoder(response.Body).Decode(&status); err != nil || len(status.Cameras) == 0 {
		t.Fatal("/status", err)
	}
	return status.Cameras[0].Viewers
}

// awaitViewers waits until a program's first camera has so many viewers, and returns how long that took.
func awaitViewers(t *testing.T, p *program, n int, most time.Duration) time.Duration {
	t.Helper()
	begun := time.Now()
	for viewersOf(t, p) != n {
		if time.Since(begun) > most {
			t.Fatalf("%d viewers after %v, want %d", viewersOf(t, p), most, n)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(begun)
}

var socketMemory = regexp.MustCompile(`skmem:\(r(\d+),rb\d+,t(\d+),tb\d+,f\d+,w(\d+)`)

// kernelMemory is how many bytes the kernel holds in the sockets of a program's viewers, and how many sockets that are.
func kernelMemory(t *testing.T, p *program) (bytes, sockets int) {
	t.Helper()
	_, port, _ := strings.Cut(strings.TrimPrefix(p.url, "http://"), ":")
	out, err := exec.CommandContext(t.Context(), need(t, "ss", "iproute2"), "-tanmH", "sport = :"+port).Output()
	if err != nil {
		t.Fatal("ss:", err)
	}
	for _, m := range socketMemory.FindAllStringSubmatch(string(out), -1) {
		for _, digits := range m[1:] {
			n, _ := strconv.Atoi(digits)
			bytes += n
		}
		sockets++
	}
	return bytes, sockets
}

// TestNeverReading has viewers who do not read, beside one who does.
func TestNeverReading(t *testing.T) {
	t.Parallel()
	const stuck = 100
	pictures := streamtest.OfSize(50_000)
	camera := newCamera(t, 100*time.Millisecond, pictures.JPEG)
	p := start(t, command(t, anyPort, camera.URL))
	reader := view(t, p.url+"/live")
	watched := make(chan error, 1)
	go func() { watched <- watchEvery(reader, pictures, 16*time.Second) }()
	empty, sockets := kernelMemory(t, p)
	begun := time.Now()
	for range stuck {
		view(t, p.url+"/live")
	}
	time.Sleep(5 * time.Second)
	full, _ := kernelMemory(t, p)
	if n := viewersOf(t, p); n != stuck+1 {
		t.Errorf("%d viewers after 5 s, not %d", n, stuck+1)
	}
	awaitViewers(t, p, 1, 30*time.Second)
	took := time.Since(begun)
	time.Sleep(time.Second)
	after, left := kernelMemory(t, p)
	each := (full - empty) / stuck
	t.Logf("%d viewers who never read held %d KB of the kernel's memory each, and were gone after %v; 1 s later %d KB in %d sockets, %d KB in %d before",
		stuck, each>>10, took.Round(10*time.Millisecond), after>>10, left, empty>>10, sockets)
	if took < 9*time.Second || took > 20*time.Second {
		t.Error("10 to 11 s after their last byte is promised")
	}
	if each > 5*150<<10 || left > sockets+2 {
		t.Error("150 KB each, and no sockets afterwards, are promised")
	}
	if err := <-watched; err != nil {
		t.Errorf("the viewer who reads: %v", err)
	}
}

// TestStuckOnUnixSocket has a proxy on a Unix socket read for a slow viewer, who stays, and another for one who never reads.
func TestStuckOnUnixSocket(t *testing.T) {
	t.Parallel()
	const length = 14 * time.Second
	socket := filepath.Join(t.TempDir(), "socket")
	camera := newCamera(t, 40*time.Millisecond, streamtest.OfSize(50_000).JPEG)
	p := start(t, command(t, anyPort, "-log-level=debug", "-listen=unix:"+socket, camera.URL))
	slow := view(t, "unix:"+socket+"?/live")
	slow.within(2 * length)
	slow.reader = bufio.NewReaderSize(&slowReader{Reader: slow.reader, rate: 250_000}, 4096)
	begun := time.Now()
	lasted := make(chan arrival, 1)
	go func() {
		all := append(slow.watch(), arrival{})
		lasted <- all[max(0, len(all)-2)]
	}()
	view(t, "unix:"+socket+"?/live")
	awaitViewers(t, p, 2, 5*time.Second)
	awaitViewers(t, p, 1, 30*time.Second)
	if took := time.Since(begun); took < 9*time.Second || took > 20*time.Second {
		t.Errorf("the viewer who never reads was gone after %v; 10 to 11 s after the last byte is promised", took)
	}
	p.await(t, `(viewer evicted).* reason="it took nothing for 10 s"`)
	if _, metrics := ask(t, http.MethodGet, p.url+"/metrics"); !strings.Contains(metrics, `mjpegazer_viewers_evicted_total{reason="stuck"} 1`) {
		t.Errorf("nobody was evicted, the metrics say:\n%s", metrics)
	}
	time.Sleep(time.Until(begun.Add(length)))
	slow.close()
	last := <-lasted
	if last.at.Sub(begun) < length-2*time.Second {
		t.Errorf("the slow viewer's last picture came after %v", last.at.Sub(begun))
	}
	if age := last.at.Sub(last.taken); age > 3*time.Second {
		t.Errorf("the slow viewer's last picture was %v old", age)
	}
}

// watchEvery reads for a while, and fails where a picture is missing.
func watchEvery(v *viewer, pictures streamtest.Pictures, while time.Duration) error {
	if err := v.expect("--frame\r\n"); err != nil {
		return err
	}
	last, came, missed := 0, 0, 0
	for begun := time.Now(); time.Since(begun) < while; {
		v.within(20 * time.Second)
		part, err := v.next()
		if err != nil {
			return err
		}
		n, err := pictures.Check(part.jpeg)
		if err != nil {
			return err
		}
		if last > 0 {
			missed += n - last - 1
		}
		last = n
		came++
	}
	if missed > came/20 { // a machine under load is no proof; without protection nearly all would be missing
		return fmt.Errorf("%d pictures came and %d did not", came, missed)
	}
	return nil
}

// TestTrickle has viewers who read a byte a second.
func TestTrickle(t *testing.T) {
	t.Parallel()
	const slow = 500
	camera := newCamera(t, 200*time.Millisecond, streamtest.OfSize(50_000).JPEG)
	p := start(t, command(t, anyPort, camera.URL))
	begun := time.Now()
	for range slow {
		v := view(t, p.url+"/live")
		go func() {
			for time.Since(begun) < time.Minute {
				if _, err := io.CopyN(io.Discard, v.conn, 1); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
	}
	awaitViewers(t, p, 0, time.Minute)
	took := time.Since(begun)
	t.Logf("%d viewers who read a byte a second were gone after %v", slow, took.Round(10*time.Millisecond))
	if took < 9*time.Second || took > 2*21*time.Second {
		t.Error("21 s are promised")
	}
}
