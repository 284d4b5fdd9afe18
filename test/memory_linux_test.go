package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// TestOldPictures has slow viewers who each hold up another picture, in a kernel that takes hardly anything off the
// program's hands, and then larger pictures.
func TestOldPictures(t *testing.T) {
	notRacing(t)
	t.Parallel()
	new(link).lay(t)
	for _, way := range []string{"rmem", "wmem"} {
		if err := os.WriteFile("/proc/sys/net/ipv4/tcp_"+way, []byte("4096 4096 4096"), 0); err != nil {
			lacks(t, "to set the size of socket buffers", err)
		}
	}
	small := newCamera(t, 5*time.Millisecond, streamtest.OfSize(50_000).JPEG)
	large := newCamera(t, 40*time.Millisecond, streamtest.OfSize(500_000).JPEG)
	p := start(t, command(t, anyPort, "small="+small.URL, "large="+large.URL))
	come := func(camera string, n int, pause time.Duration) {
		for range n {
			view(t, p.url+"/"+camera+"/live")
			time.Sleep(pause)
		}
	}
	come("large", 1, 0) // the cameras are there
	come("small", 1, time.Second)
	base := resident(t, p.pid)
	come("small", 1000, 5*time.Millisecond)
	first := resident(t, p.pid) - base
	come("large", 100, 40*time.Millisecond)
	second := peak(t, p.pid) - base
	const own = 1100 * 30.0 / 1024 // MB that as many viewers take who hold nothing
	t.Logf("1,000 slow viewers, each with another picture of 50 KB: %.0f MB of memory; and 100 with one of 500 KB: %.0f MB at most; %.0f MB are the viewers' own",
		first/1024, second/1024, own)
	if second/1024 > 2*64 {
		t.Error("64 MB are promised")
	}
}

// peak is the most memory that a process ever had resident, in KB.
func peak(tb testing.TB, pid int) float64 {
	tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if err != nil || m == nil {
		tb.Fatalf("the memory of process %d: %v", pid, err)
	}
	kilobytes, err := strconv.Atoi(string(m[1]))
	if err != nil {
		tb.Fatal(err)
	}
	return float64(kilobytes)
}

var collectorShare = regexp.MustCompile(`gc \d+ @[\d.]+s (\d+)%`)

// TestLittleMemory runs the program in a control group of 64 MB: four cameras and 300 viewers, among them slow ones. It
// lasts as long as -soak says.
func TestLittleMemory(t *testing.T) {
	notRacing(t)
	t.Parallel()
	const limit = 64 << 20
	group, limitFile := newMemoryGroup(t)
	if err := os.WriteFile(filepath.Join(group, limitFile), fmt.Append(nil, limit), 0); err != nil {
		lacks(t, "to set a memory limit", err)
	}
	pictures := streamtest.OfSize(50_000)
	args := []string{anyPort}
	for i := range 4 {
		args = append(args, fmt.Sprintf("c%d=%s", i, newCamera(t, 100*time.Millisecond, pictures.JPEG).URL))
	}
	cmd := prepared(t, "echo $$ > "+group+"/cgroup.procs", args...)
	cmd.Env = append(cmd.Env, "GODEBUG=gctrace=1")
	p := start(t, cmd)
	for i := range 300 {
		v := view(t, fmt.Sprintf("%s/c%d/live", p.url, i%4))
		v.within(*soakTime + time.Minute)
		if i%10 > 0 { // the rest never reads
			go func() {
				v.expect("--frame\r\n")
				for {
					if _, _, err := v.skim(); err != nil {
						return
					}
				}
			}()
		}
	}
	time.Sleep(*soakTime)
	select {
	case <-p.exited:
		t.Fatal("the program has ended")
	default:
	}
	all := collectorShare.FindAllStringSubmatch(p.said.String(), -1)
	if len(all) == 0 {
		t.Fatal("the collector did not run")
	}
	last := all[len(all)-1][1]
	t.Logf("%v in 64 MB: %.0f MB resident at most; %d collections took %s %% of the processors", *soakTime,
		peak(t, p.pid)/1024, len(all), last)
	if share, _ := strconv.Atoi(last); share >= 5*10 {
		t.Error("less than 10 % are promised")
	}
}

// prepared makes a shell prepare for a program before it becomes it.
func prepared(tb testing.TB, preparation string, args ...string) *exec.Cmd {
	tb.Helper()
	cmd := command(tb, args...)
	cmd.Args = append([]string{"sh", "-c", preparation + `; exec "$@"`, "sh", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = need(tb, "sh", "dash")
	return cmd
}

// newMemoryGroup makes a control group, of either version, that can limit memory, and says by which file.
func newMemoryGroup(t *testing.T) (group, limitFile string) {
	t.Helper()
	for top, file := range map[string]string{"/sys/fs/cgroup": "memory.max", "/sys/fs/cgroup/memory": "memory.limit_in_bytes"} {
		group, err := os.MkdirTemp(top, "mjpegazer-test-")
		if err != nil {
			continue
		}
		t.Cleanup(func() { os.Remove(group) })
		if controls, err := os.ReadDir(group); err == nil && strings.Contains(fmt.Sprint(controls), file) {
			return group, file
		}
	}
	t.Skip("needs a control group with a memory limit: run it as root where /sys/fs/cgroup can be written")
	return "", ""
}
