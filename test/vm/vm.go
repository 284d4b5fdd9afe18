// Package vm boots Debian's stock Linux kernel in qemu with one static program as its init: without root, KVM, disk or
// network, in a few seconds. The tests see drivers in it that the machine they run on may not have.
package vm

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// Missing is the error where a program or a package that the tests want is not there.
type Missing struct {
	What    string
	Install string // what to do
}

func (m *Missing) Error() string { return m.What + " is not there: " + m.Install }

// machine is how a kernel for an architecture of Go's is found and run.
type machine struct {
	debian  string // architecture
	suite   string // Debian's, where it is not that of this machine
	image   string // meta package
	qemu    []string
	install string // where qemu is
	console string
	cpus    int
}

var machines = map[string]machine{
	"amd64": {"amd64", "", "linux-image-amd64", []string{"qemu-system-x86_64", "-M", "pc", "-cpu", "max"},
		"qemu-system-x86", "ttyS0", 2},
	"386": {"amd64", "", "linux-image-amd64", []string{"qemu-system-x86_64", "-M", "pc", "-cpu", "max"},
		"qemu-system-x86", "ttyS0", 2}, // 32-bit programs on a 64-bit kernel
	"arm": {"armhf", "", "linux-image-armmp", []string{"qemu-system-arm", "-M", "virt", "-cpu", "cortex-a15"},
		"qemu-system-arm", "ttyAMA0", 2},
	"arm64": {"arm64", "", "linux-image-arm64", []string{"qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a57"},
		"qemu-system-arm", "ttyAMA0", 2},
	"mipsle": {"mipsel", "bookworm", "linux-image-4kc-malta", []string{"qemu-system-mipsel", "-M", "malta", "-cpu", "24Kf"},
		"qemu-system-mips", "ttyS0", 1},
	"riscv64": {"riscv64", "trixie", "linux-image-riscv64", []string{"qemu-system-riscv64", "-M", "virt"},
		"qemu-system-misc", "ttyS0", 2},
}

// Begin and End are lines that the program prints: the first when it has begun, the last with its exit code behind it.
const (
	Begin = "vm: begin"
	End   = "vm: end "
)

// Run boots the kernel of an architecture with a file system in memory, and copies what its init prints to output, from
// [Begin] to [End]; the code is what stands behind that. The environment reaches init by way of the kernel's command line:
// "NAME=value", without spaces.
func Run(ctx context.Context, kernel Kernel, initramfs string, environment []string, output io.Writer) (code int, err error) {
	m := machines[kernel.Arch]
	const tries = 3
	for try := 1; ; try++ {
		begun, code, err := boot(ctx, m, kernel, initramfs, environment, output)
		if begun || ctx.Err() != nil || try == tries {
			return code, err
		}
		// One boot in a hundred dies before it comes to init, where nothing but qemu's emulation can be the reason.
	}
}

func boot(ctx context.Context, m machine, k Kernel, initramfs string, environment []string, output io.Writer) (begun bool, code int, err error) {
	args := append(m.qemu[1:len(m.qemu):len(m.qemu)],
		"-accel", "tcg", "-smp", strconv.Itoa(m.cpus), "-m", "512",
		"-kernel", k.Image, "-initrd", initramfs,
		"-append", strings.Join(append([]string{"console=" + m.console, "quiet", "loglevel=1", "softlockup_panic=1", "panic=-1"}, environment...), " "),
		"-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot")
	qemu := exec.CommandContext(ctx, m.qemu[0], args...)
	qemu.Stderr = os.Stderr
	serial, err := qemu.StdoutPipe()
	if err != nil {
		return false, 0, err
	}
	if err := qemu.Start(); err != nil {
		return false, 0, err
	}
	code = -1
	lines := bufio.NewScanner(serial)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := strings.TrimRight(lines.Text(), "\r")
		switch {
		case strings.HasSuffix(line, Begin): // the kernel may have left half a line
			begun = true
		case !begun || code >= 0:
		case strings.HasPrefix(line, End):
			code, _ = strconv.Atoi(strings.TrimPrefix(line, End))
		default:
			fmt.Fprintln(output, line)
		}
	}
	err = qemu.Wait()
	if code < 0 && err == nil {
		err = fmt.Errorf("the kernel ended before its init did")
	}
	return begun, code, err
}
