package test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestFiveThousand lets as many viewers come at once, and leave at once.
func TestFiveThousand(t *testing.T) {
	const count = 5000
	needDescriptors(t, count+200)
	camera := newCamera(t, time.Second, picturesOf(8_000).take)
	p := start(t, command(t, anyPort, camera.url()))
	view(t, p.url+"/live").close()
	idle, open := resident(t, p.pid), descriptors(t, p.pid)

	waits, viewers := make([]time.Duration, count), make([]*viewer, count)
	var coming sync.WaitGroup
	for i := range count {
		coming.Go(func() {
			begun := time.Now()
			v, err := dial(p.url+"/live", 2048)
			if err == nil {
				viewers[i] = v
				err = v.expect("--frame\r\n")
			}
			if err == nil {
				v.within(time.Minute)
				_, _, err = v.skim()
			}
			if err != nil {
				t.Errorf("viewer %d: %v", i+1, err)
			}
			waits[i] = time.Since(begun)
		})
	}
	coming.Wait()
	slices.Sort(waits)
	each := (resident(t, p.pid) - idle) / count
	t.Logf("the first picture came after %v (p50), %v (p99); %.0f KB resident for each viewer", waits[count/2], waits[count*99/100], each)
	if waits[count*99/100] > 10*time.Second {
		t.Error("that is late: 2 s are promised")
	}
	if each > 5*40 {
		t.Error("that is much: 40 KB are promised")
	}

	left := time.Now()
	for _, v := range viewers {
		if v != nil {
			v.close()
		}
	}
	for descriptors(t, p.pid) > open+5 {
		if time.Since(left) > 10*time.Second {
			t.Fatalf("%d descriptors are open 10 s after all viewers left; %d were before they came", descriptors(t, p.pid), open)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("all forgotten after %v", time.Since(left))
}

// needDescriptors skips where a process may not open as many files.
func needDescriptors(t *testing.T, n int) {
	t.Helper()
	limits, err := os.ReadFile("/proc/self/limits")
	if err != nil {
		t.Skip(err)
	}
	_, rest, _ := strings.Cut(string(limits), "Max open files")
	if fields := strings.Fields(rest); len(fields) < 2 || fields[1] != "unlimited" && number(fields[1]) < n {
		t.Skipf("needs %d descriptors: ulimit -Hn says fewer", n)
	}
}

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// descriptors is how many files a process has open.
func descriptors(t *testing.T, pid int) int {
	t.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// TestNeverReads has viewers that take nothing, or a byte a second: they are cut off, the kernel keeps no more than a
// little for them and nothing afterwards, and others miss no picture.
func TestNeverReads(t *testing.T) {
	t.Parallel()
	pictures := picturesOf(50_000)
	camera := newCamera(t, 100*time.Millisecond, pictures.take)
	p := start(t, command(t, anyPort, camera.url()))
	steady := view(t, p.url+"/live")
	watching := make(chan error, 1)
	go func() { watching <- watchEvery(steady, pictures, 14*time.Second) }()

	never := view(t, p.url+"/live")
	begun := time.Now()
	for range 50 {
		v := view(t, p.url+"/live")
		go func() { // a byte a second
			for one := make([]byte, 1); ; time.Sleep(time.Second) {
				if _, err := v.conn.Read(one); err != nil {
					return
				}
			}
		}()
	}
	time.Sleep(3 * time.Second)
	port := number(p.url[strings.LastIndex(p.url, ":")+1:])
	pinned := unsent(t, port, never)
	t.Logf("%d bytes wait in the kernel for who never reads", pinned)
	if pinned > 150_000 {
		t.Error("that is much: 150 KB are promised")
	}
	for unsent(t, port, never) >= 0 {
		if time.Since(begun) > 55*time.Second {
			t.Fatal("who never reads is still there after 55 s; 10 s to 11 s are promised")
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("who never reads was gone after %v", time.Since(begun))
	if err := <-watching; err != nil {
		t.Errorf("another viewer: %v", err)
	}
}

// watchEvery reads for a while, and finds every picture.
func watchEvery(v *viewer, pictures pictures, d time.Duration) error {
	if err := v.expect("--frame\r\n"); err != nil {
		return err
	}
	v.within(d + 20*time.Second)
	for last, begun := 0, time.Now(); time.Since(begun) < d; {
		part, err := v.next()
		if err != nil {
			return err
		}
		n, err := pictures.check(part.jpeg)
		if err != nil {
			return err
		}
		if last > 0 && n != last+1 {
			return fmt.Errorf("picture %d came after %d", n, last)
		}
		last = n
	}
	return nil
}

// unsent is how much the program's side of a viewer's connection still holds, -1 where there is no connection.
func unsent(t *testing.T, port int, v *viewer) int64 {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Skip(err)
	}
	ours, theirs := fmt.Sprintf(":%04X", port), fmt.Sprintf(":%04X", v.conn.LocalAddr().(*net.TCPAddr).Port)
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) > 4 && strings.HasSuffix(fields[1], ours) && strings.HasSuffix(fields[2], theirs) {
			waiting, _, _ := strings.Cut(fields[4], ":")
			n, _ := strconv.ParseInt(waiting, 16, 64)
			return n
		}
	}
	return -1
}

// TestRudeRequests sends what no viewer sends: it is answered rightly or closed in time, and a good viewer comes in all
// the same.
func TestRudeRequests(t *testing.T) {
	t.Parallel()
	camera := newCamera(t, 100*time.Millisecond, picturesOf(4_000).take)
	p := start(t, command(t, anyPort, camera.url()))
	host := strings.TrimPrefix(p.url, "http://")
	var rude sync.WaitGroup
	for range 200 {
		rude.Go(func() { drip(t, host) })
	}
	for _, c := range []struct{ request, status string }{
		{"GET /health HTTP/1.0\r\n\r\n", "200"},
		{"GET /health HTTP/1.1\r\nHost: " + host + "\r\nRange: bytes=0-1\r\nConnection: close\r\n\r\n", "200"},
		{"GET /health HTTP/1.1\r\nHost: " + host + "\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n", "200"},
		{"GET /health HTTP/1.1\r\nHost: " + host + "\r\nExpect: patience\r\nConnection: close\r\n\r\n", "417"},
		{"GET /health HTTP/1.1\r\n\r\n", "400"},
		{"GET /health HTTP/1.1\r\nHost: " + host + "\r\nX-Large: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", "431"},
		{"GET /health HTTP/1.1\r\nHost: " + host + "\r\n\r\nGET /nobody/live HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n", "404"},
		{"rubbish\r\n\r\n", "400"},
	} {
		if last := lastStatus(t, host, c.request); last != c.status {
			t.Errorf("%.90q… was answered with %q, not %s", c.request, last, c.status)
		}
	}
	begun := time.Now()
	view(t, p.url+"/live")
	if took := time.Since(begun); took > 500*time.Millisecond {
		t.Errorf("a good viewer got in after %v; 100 ms are promised", took)
	}
	rude.Wait()
}

// drip sends a request's head so slowly that it never ends.
func drip(t *testing.T, host string) {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	begun := time.Now()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		io.Copy(io.Discard, conn)
	}()
	for _, c := range "GET /live HTTP/1.1\r\nX-Slow: " + strings.Repeat("x", 100) {
		select {
		case <-closed:
			if took := time.Since(begun); took > 27*time.Second {
				t.Errorf("a dripping request was closed after %v; 5.5 s are promised", took)
			}
			return
		case <-time.After(300 * time.Millisecond):
			conn.Write([]byte{byte(c)})
		}
	}
	t.Error("a dripping request was never closed")
}

// lastStatus sends a request and returns the status of the last answer before the connection is closed.
func lastStatus(t *testing.T, host, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(25 * time.Second))
	go io.WriteString(conn, request)
	last := ""
	for reader := bufio.NewReader(conn); ; {
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			return last
		}
		io.Copy(io.Discard, response.Body)
		last = strconv.Itoa(response.StatusCode)
	}
}

// TestFewDescriptors runs out of them: who watches misses nothing, and who waits comes in when others leave.
func TestFewDescriptors(t *testing.T) {
	t.Parallel()
	pictures := picturesOf(4_000)
	camera := newCamera(t, 50*time.Millisecond, pictures.take)
	direct := command(t, anyPort, camera.url())
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", `ulimit -n 40; exec "$0" "$@"`}, direct.Args...)...)
	cmd.Env = direct.Env
	p := start(t, cmd)
	steady := view(t, p.url+"/live")
	watching := make(chan error, 1)
	go func() { watching <- watchEvery(steady, pictures, 4*time.Second) }()
	host := strings.TrimPrefix(p.url, "http://")
	var crowd []net.Conn
	for range 60 { // the kernel answers those for whom the program has no descriptor
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		crowd = append(crowd, conn)
	}
	time.Sleep(2 * time.Second)
	for _, conn := range crowd {
		conn.Close()
	}
	left := time.Now()
	view(t, p.url+"/live")
	if took := time.Since(left); took > 5*time.Second {
		t.Errorf("a viewer got in %v after there was room; 1 s is promised", took)
	}
	if err := <-watching; err != nil {
		t.Errorf("who watched before: %v", err)
	}
	if lines := strings.Count(p.said.String(), "\n"); lines > 20 {
		t.Errorf("%d lines in the log of 4 s:\n%s", lines, p.said)
	}
}
