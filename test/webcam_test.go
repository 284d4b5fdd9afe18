package test

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mjpegazer/test/vm"
)

var (
	webcamArch = flag.String("arch", "amd64", "architectures whose kernel the webcam test boots, of amd64, arm, arm64, mipsle, riscv64")
	guestRun   = flag.String("guest", "", "pattern of the tests to run in the virtual machine")
)

func TestWebcam(t *testing.T) {
	for arch := range strings.SplitSeq(*webcamArch, ",") {
		t.Run(arch, func(t *testing.T) { testWebcams(t, arch) })
	}
}

func testWebcams(t *testing.T, arch string) {
	dir := t.TempDir()
	guest := filepath.Join(dir, "guest")
	build := exec.Command("go", "test", "-c", "-o", guest, "./guest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOARM=5", "GOMIPS=softfloat")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	k, err := vm.Fetch(arch)
	if err != nil {
		t.Fatal(err)
	}
	initramfs := filepath.Join(dir, "initramfs")
	if err := (vm.Initramfs{Init: guest, Modules: []string{"vivid n_devs=1", "uvcvideo", "vhci-hcd"}}).Write(initramfs, k); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	code, err := vm.Run(ctx, k, initramfs, []string{"RUN=" + *guestRun}, &out)
	t.Log(out.String(), code, err)
}
