package test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The release that the tests look at.
const (
	releaseVersion = "1.2.3"
	releaseTime    = 1_700_000_000 // seconds since 1970, of all that is dated
)

func timeOfRelease() time.Time { return time.Unix(releaseTime, 0) }

// releaseOnce makes a release of this checkout, once for all tests.
var releaseOnce = sync.OnceValues(func() (dir string, err error) {
	dir = filepath.Join(workshop, "release")
	return dir, makeRelease("..", dir)
})

func makeRelease(checkout, dir string) error {
	cmd := exec.Command("bash", filepath.Join(checkout, ".ci", "release"), "v"+releaseVersion, dir)
	cmd.Env = append(os.Environ(), fmt.Sprint("SOURCE_DATE_EPOCH=", releaseTime))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf(".ci/release: %w\n%s", err, out)
	}
	return nil
}

// released is the directory with the release's files.
func released(t *testing.T) string {
	t.Helper()
	notRacing(t)
	if os.Getenv("MJPEGAZER_TEST") != "full" {
		t.Skip("making a release takes minutes: MJPEGAZER_TEST=full makes one")
	}
	dir, err := releaseOnce()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// releaseFiles are the names of a release's files.
var releaseFiles = []string{
	"SHA256SUMS",
	"mjpegazer-1.2.3-1.aarch64.rpm", "mjpegazer-1.2.3-1.armv6hl.rpm", "mjpegazer-1.2.3-1.i386.rpm",
	"mjpegazer-1.2.3-1.riscv64.rpm", "mjpegazer-1.2.3-1.x86_64.rpm",
	"mjpegazer_1.2.3.cdx.json",
	"mjpegazer_1.2.3_aarch64.apk", "mjpegazer_1.2.3_amd64.deb", "mjpegazer_1.2.3_arm64.deb", "mjpegazer_1.2.3_armhf.apk",
	"mjpegazer_1.2.3_armhf.deb", "mjpegazer_1.2.3_armv7.apk", "mjpegazer_1.2.3_darwin_amd64.tar.gz",
	"mjpegazer_1.2.3_darwin_arm64.tar.gz", "mjpegazer_1.2.3_i386.deb", "mjpegazer_1.2.3_image.tar",
	"mjpegazer_1.2.3_linux_386.tar.gz", "mjpegazer_1.2.3_linux_amd64-nats.tar.gz", "mjpegazer_1.2.3_linux_amd64.tar.gz", "mjpegazer_1.2.3_linux_arm64-nats.tar.gz", "mjpegazer_1.2.3_linux_arm64.tar.gz",
	"mjpegazer_1.2.3_linux_armv6-nats.tar.gz", "mjpegazer_1.2.3_linux_armv6.tar.gz", "mjpegazer_1.2.3_linux_armv7-nats.tar.gz", "mjpegazer_1.2.3_linux_armv7.tar.gz", "mjpegazer_1.2.3_linux_mipsle.tar.gz",
	"mjpegazer_1.2.3_linux_riscv64.tar.gz", "mjpegazer_1.2.3_riscv64.apk", "mjpegazer_1.2.3_riscv64.deb",
	"mjpegazer_1.2.3_windows_amd64.zip", "mjpegazer_1.2.3_x86.apk", "mjpegazer_1.2.3_x86_64.apk",
}

// TestReleaseIsReproducible makes it again elsewhere, and compares all bytes.
func TestReleaseIsReproducible(t *testing.T) {
	first := hashes(t, released(t))
	if names := slices.Sorted(maps.Keys(first)); !slices.Equal(names, releaseFiles) {
		t.Errorf("the files of a release are\n%s", strings.Join(names, "\n"))
	}
	copied, dir := filepath.Join(t.TempDir(), "elsewhere"), filepath.Join(t.TempDir(), "dist")
	if err := os.CopyFS(copied, os.DirFS("..")); err != nil {
		t.Fatal(err)
	}
	if err := makeRelease(copied, dir); err != nil {
		t.Fatal(err)
	}
	second := hashes(t, dir)
	for name, hash := range first {
		if second[name] != hash {
			t.Errorf("%s is another one when it is made again", name)
		}
	}
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, name := range releaseFiles[1:] {
		fmt.Fprintf(&lines, "%s  %s\n", first[name], name)
	}
	if string(sums) != lines.String() {
		t.Errorf("SHA256SUMS:\n%s\nnot\n%s", sums, &lines)
	}
}

// hashes are those of a directory's files, in hexadecimal digits.
func hashes(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, e := range entries {
		found[e.Name()] = fmt.Sprintf("%x", sha256.Sum256(contents(t, filepath.Join(dir, e.Name()))))
	}
	return found
}

func contents(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestReleaseVersions refuses what package managers could not order, before anything is built.
func TestReleaseVersions(t *testing.T) {
	need(t, "bash", "bash")
	for _, version := range []string{"", "1", "1.2", "01.2.3", "1.2.3 4", "1.2.3-", "latest"} {
		dir := t.TempDir()
		code, _, errs := run(t, exec.CommandContext(t.Context(), "bash", filepath.Join("..", ".ci", "release"), version, dir))
		if code != 2 || !strings.Contains(errs, "a version is like 1.2.3") {
			t.Errorf("%q: code %d, %s", version, code, errs)
		}
	}
}
