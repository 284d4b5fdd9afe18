//go:build linux

// Package guest is what runs in the virtual machine: its test binary is the machine's init. Anywhere else it does nothing.
package guest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mjpegazer/test/vm"
)

func TestMain(m *testing.M) {
	if os.Getpid() != 1 {
		fmt.Println("runs in a virtual machine only: go test -run Webcam ./test")
		return
	}
	if err := setUp(); err != nil {
		fmt.Println(err)
	}
	fmt.Println(vm.Begin)
	flag.Set("test.v", "true")
	flag.Set("test.run", os.Getenv("RUN"))
	flag.Set("test.bench", os.Getenv("BENCH"))
	flag.Set("test.benchtime", "150x")
	code := 1
	if err := loadModules(); err != nil {
		fmt.Println(err)
	} else {
		code = m.Run()
	}
	if code != 0 {
		printKernelLog()
	}
	fmt.Printf("%s%d\n", vm.End, code)
	time.Sleep(50 * time.Millisecond) // for the serial port
	unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	select {}
}

// setUp makes of the kernel's bare file system what programs expect.
func setUp() error {
	for dir, fs := range map[string]string{"/dev": "devtmpfs", "/proc": "proc", "/sys": "sysfs", "/tmp": "tmpfs"} {
		if err := unix.Mount(fs, dir, fs, 0, ""); err != nil && err != unix.EBUSY {
			return fmt.Errorf("mount %s: %w", dir, err)
		}
	}
	for fd := range 3 {
		console, err := os.OpenFile("/dev/console", os.O_RDWR, 0)
		if err != nil {
			return err
		}
		if err := unix.Dup3(int(console.Fd()), fd, 0); err != nil {
			return err
		}
		console.Close()
	}
	return loopback()
}

// loopback turns lo on.
func loopback() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo)
}

// loadModules loads those of /modules: one a line, and its parameters.
func loadModules() error {
	list, err := os.ReadFile("/modules")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(list)) {
		path, parameters, _ := strings.Cut(strings.TrimSpace(line), " ")
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		err = unix.FinitModule(int(f.Fd()), parameters, 0)
		f.Close()
		if err != nil && err != unix.EEXIST {
			return fmt.Errorf("load %s: %w", path, err)
		}
	}
	return nil
}

// printKernelLog prints the end of what the kernel has said.
func printKernelLog() {
	b := make([]byte, 1<<16)
	const readAll = 3 // SYSLOG_ACTION_READ_ALL
	n, _ := unix.Klogctl(readAll, b)
	lines := strings.Split(strings.TrimSpace(string(b[:max(n, 0)])), "\n")
	for _, line := range lines[max(0, len(lines)-40):] {
		fmt.Println("kernel:", line)
	}
}

// patience is how long a test waits for what happens at once: emulated machines are slow.
const patience = 20 * time.Second

// await asks again and again until the answer is true.
func await(t testing.TB, limit time.Duration, what string, ask func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for !ask() {
		if time.Since(start) > limit {
			t.Fatalf("no %s within %v", what, limit)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(start)
}

// node is the first node of the camera with that name.
func node(name string) string {
	entries, _ := filepath.Glob("/sys/class/video4linux/video*")
	for _, e := range entries {
		n, _ := os.ReadFile(e + "/name")
		i, _ := os.ReadFile(e + "/index")
		path := "/dev/" + filepath.Base(e)
		if strings.HasPrefix(string(n), name) && strings.TrimSpace(string(i)) == "0" {
			if _, err := os.Stat(path); err == nil {
				return path
			}
		}
	}
	return ""
}
