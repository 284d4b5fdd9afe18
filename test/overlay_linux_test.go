package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An overlay is this machine's system as far as it lies on its root file system; what a test changes in there is laid over it,
// and gone after the test. systemd does not run in it.
type overlay struct {
	unshare, dir string
}

func newOverlay(t *testing.T) *overlay {
	t.Helper()
	o := &overlay{asRoot(t), t.TempDir()}
	for _, name := range []string{"upper", "work", "root"} {
		if err := os.Mkdir(filepath.Join(o.dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, code := o.try(t, "true"); code != 0 {
		miss(t, "needs a file system that overlays another: "+out)
	}
	return o
}

// command is a shell script in the overlay, in a network that has nothing but its own loopback.
func (o *overlay) command(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	const mount = `cd "$1" && mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root &&
		mount -t proc proc root/proc && mount --bind /dev root/dev && ip link set lo up && exec chroot root sh -ec "$2"`
	cmd := exec.CommandContext(t.Context(), o.unshare, "--mount", "--net", "--propagation", "private", "sh", "-c", mount, "sh", o.dir, script)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	return cmd
}

// try runs a script, and returns what it says and its exit code.
func (o *overlay) try(t *testing.T, script string) (out string, code int) {
	t.Helper()
	cmd := o.command(t, script)
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text)), cmd.ProcessState.ExitCode()
}

// do runs a script that must succeed, and returns what it says.
func (o *overlay) do(t *testing.T, script string) string {
	t.Helper()
	out, code := o.try(t, script)
	if code != 0 {
		t.Fatalf("%s\nends with code %d:\n%s", script, code, out)
	}
	return out
}

// expect runs a script that must say something.
func (o *overlay) expect(t *testing.T, script, want string) {
	t.Helper()
	if out := o.do(t, script); out != want {
		t.Errorf("%s\nsays\n%s\nnot\n%s", script, out, want)
	}
}

// put copies a file into the overlay's top.
func (o *overlay) put(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(o.dir, "upper", filepath.Base(file)), contents(t, file), 0o644); err != nil {
		t.Fatal(err)
	}
}
