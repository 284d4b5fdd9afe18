package test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAlpinePackage reads the packages as apk does: signatures aside, two tars, the first of which has the hash of the second.
func TestAlpinePackage(t *testing.T) {
	dir := released(t)
	for arch, build := range map[string]string{
		"x86_64": "GOARCH amd64", "x86": "GOARCH 386", "aarch64": "GOARCH arm64", "armhf": "GOARM 6", "armv7": "GOARM 7",
		"riscv64": "GOARCH riscv64",
	} {
		control, data := readApk(t, contents(t, filepath.Join(dir, "mjpegazer_1.2.3_"+arch+".apk")))
		about := "\n" + string(control[".PKGINFO"].content)
		for _, line := range []string{"pkgname = mjpegazer", "pkgver = 1.2.3", "arch = " + arch} {
			if !strings.Contains(about, "\n"+line+"\n") {
				t.Errorf("%s: no %q in\n%s", arch, line, about)
			}
		}
		for name, mode := range map[string]string{
			"usr/bin/mjpegazer": "755 root:root", "etc/init.d/mjpegazer": "755 root:root",
			"etc/mjpegazer/": "750 root:mjpegazer", "etc/mjpegazer/mjpegazer.yaml": "640 root:mjpegazer",
		} {
			f, ok := data[name]
			if is := fmt.Sprintf("%o %s:%s", f.mode&0o7777, f.owner, f.group); !ok || is != mode {
				t.Errorf("%s: %s is %s, not %s", arch, name, is, mode)
			}
		}
		info, err := buildinfo.Read(bytes.NewReader(data["usr/bin/mjpegazer"].content))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(fmt.Sprint(info.Settings), "{"+build+"}") {
			t.Errorf("the program for %s is built with %v", arch, info.Settings)
		}
		for name, f := range control {
			if strings.HasPrefix(name, ".p") {
				cmd := exec.CommandContext(t.Context(), "sh", "-n")
				cmd.Stdin = bytes.NewReader(f.content)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %v\n%s", name, err, out)
				}
			}
		}
	}
}

// readApk are the files of a package that is not signed: those that describe it, and those that are installed. The first
// have the hash of the second.
func readApk(t *testing.T, content []byte) (control, data map[string]packed) {
	t.Helper()
	raw := bytes.NewReader(content)
	buffered := bufio.NewReader(raw)
	stream, err := gzip.NewReader(buffered)
	if err != nil {
		t.Fatal(err)
	}
	member := func() map[string]packed {
		stream.Multistream(false)
		plain, err := io.ReadAll(stream)
		if err != nil {
			t.Fatal(err)
		}
		return untar(t, bytes.NewReader(plain))
	}
	control = member()
	rest := content[len(content)-raw.Len()-buffered.Buffered():]
	if line := fmt.Sprintf("\ndatahash = %x\n", sha256.Sum256(rest)); !bytes.Contains(control[".PKGINFO"].content, []byte(line)) {
		t.Errorf("the package does not have its hash,%s", line)
	}
	if err := stream.Reset(buffered); err != nil {
		t.Fatal(err)
	}
	return control, member()
}
