package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// versions is the package whose variables hold the version and the commit.
const versions = "mjpegazer/router/server"

// A target is a system that the program is built for.
type target struct {
	name     string   // in names of files
	env      []string // for the go command
	packages []string // the formats in which its packages are given
	arch     string   // nfpm's name for its processor
	platform platform // in the image, if it is there
	tags     string   // for the go command; what they add makes the program larger
}

// targets are all systems. 32-bit ARM has one Debian and one RPM package, for ARMv6, which every Raspberry Pi runs; Alpine
// tells the two apart. Routers with MIPS have no floating point unit. Those with NATS are archives alone.
var targets = []target{
	{"linux_amd64", env("linux", "amd64"), formats("deb", "rpm", "apk"), "amd64", platform{Arch: "amd64"}, ""},
	{"linux_386", env("linux", "386"), formats("deb", "rpm", "apk"), "386", platform{}, ""},
	{"linux_armv6", env("linux", "arm", "GOARM=6"), formats("deb", "rpm", "apk"), "arm6", platform{Arch: "arm", Variant: "v6"}, ""},
	{"linux_armv7", env("linux", "arm", "GOARM=7"), formats("apk"), "arm7", platform{Arch: "arm", Variant: "v7"}, ""},
	{"linux_arm64", env("linux", "arm64"), formats("deb", "rpm", "apk"), "arm64", platform{Arch: "arm64"}, ""},
	{"linux_mipsle", env("linux", "mipsle", "GOMIPS=softfloat"), nil, "", platform{}, ""},
	{"linux_riscv64", env("linux", "riscv64"), formats("deb", "rpm", "apk"), "riscv64", platform{}, ""},
	{"darwin_amd64", env("darwin", "amd64"), nil, "", platform{}, ""},
	{"darwin_arm64", env("darwin", "arm64"), nil, "", platform{}, ""},
	{"windows_amd64", env("windows", "amd64"), nil, "", platform{}, ""},
	{"linux_amd64-nats", env("linux", "amd64"), nil, "", platform{}, "nats"},
	{"linux_armv6-nats", env("linux", "arm", "GOARM=6"), nil, "", platform{}, "nats"},
	{"linux_armv7-nats", env("linux", "arm", "GOARM=7"), nil, "", platform{}, "nats"},
	{"linux_arm64-nats", env("linux", "arm64"), nil, "", platform{}, "nats"},
}

func env(goos, goarch string, more ...string) []string {
	return append([]string{"GOOS=" + goos, "GOARCH=" + goarch}, more...)
}

func formats(names ...string) []string { return names }

// windows reports whether the target has Windows' ways.
func (t target) windows() bool { return slices.Contains(t.env, "GOOS=windows") }

// linux reports whether the target may have systemd.
func (t target) linux() bool { return slices.Contains(t.env, "GOOS=linux") }

// binary is the path of a target's program.
func (r *release) binary(t target) string {
	name := "mjpegazer"
	if t.windows() {
		name += ".exe"
	}
	return filepath.Join(r.work, t.name, name)
}

// build builds a target's program.
func (r *release) build(t target) error { return r.compile(r.binary(t), t.env, "-tags", t.tags) }

// compile builds the program into a file, for this machine unless the environment names another.
func (r *release) compile(file string, env []string, args ...string) error {
	flags := fmt.Sprintf("-s -w -X %s.version=%s -X %[1]s.commit=%[3]s", versions, r.version, r.commit)
	_, err := command("", env, "go", append(append([]string{"build"}, args...), "-o", file, "-ldflags", flags, ".")...)
	return err
}

// command runs a command in a directory, the checkout if none is named, and returns what it writes to standard output. Its error
// holds all that it writes.
func command(dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, append(out, stderr.Bytes()...))
	}
	return out, nil
}
