package test

import (
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// TestFiveThousand lets as many viewers come at once, and leave at once.
func TestFiveThousand(t *testing.T) {
	notRacing(t)
	const count = 5000
	needDescriptors(t, count+200)
	camera := newCamera(t, time.Second, streamtest.OfSize(8_000).JPEG)
	p := start(t, command(t, anyPort, camera.URL))
	view(t, p.url+"/live").close()
	awaitViewers(t, p, 0, 5*time.Second)
	idle := read(t, p)

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
	each := (resident(t, p.pid) - idle.resident) / count
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
	took := make([]time.Duration, 3) // until descriptors, goroutines and memory are as before
	for took[0]*took[1]*took[2] == 0 {
		now := read(t, p)
		if time.Since(left) > 10*time.Second {
			t.Fatalf("before they came it had %v, and 10 s after all had left %v", idle, now)
		}
		for i, over := range []bool{
			now.descriptors > idle.descriptors+5, now.goroutines > idle.goroutines+5, now.resident > idle.resident+16<<10,
		} {
			if !over && took[i] == 0 {
				took[i] = time.Since(left)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("after all left descriptors were as before in %v, goroutines in %v, memory (+16 MB at most) in %v; %v before, %v then",
		took[0], took[1], took[2], idle, read(t, p))
	if slices.Max(took) > 5*time.Second {
		t.Error("that is late: 1 s is promised")
	}
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

// TestFewDescriptors runs out of them: who watches misses nothing, and who waits comes in when others leave.
func TestFewDescriptors(t *testing.T) {
	t.Parallel()
	pictures := streamtest.OfSize(4_000)
	camera := newCamera(t, 50*time.Millisecond, pictures.JPEG)
	direct := command(t, anyPort, camera.URL)
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
