package test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"mjpegazer/test/vm"
)

var (
	webcamArch = flag.String("arch", "amd64", "architectures whose kernel the webcam test boots, of amd64, 386, arm, arm64, mipsle, riscv64")
	guestRun   = flag.String("guest", "", "which tests the webcam test runs in the virtual machine, as -run says it")
	guestBench = flag.String("guestbench", "", "which benchmarks, as -bench says it")
)

// TestWebcam runs the program in a virtual machine beside vivid and a USB webcam made of software: package guest has the
// tests.
func TestWebcam(t *testing.T) {
	notRacing(t)
	for arch := range strings.SplitSeq(*webcamArch, ",") {
		t.Run(arch, func(t *testing.T) { testWebcams(t, arch) })
	}
}

func testWebcams(t *testing.T, arch string) {
	k, err := vm.Fetch(arch)
	if missing := new(*vm.Missing); errors.As(err, missing) {
		miss(t, err.Error())
	} else if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program, guest, v4l2 := filepath.Join(dir, "mjpegazer"), filepath.Join(dir, "guest"), filepath.Join(dir, "v4l2.test")
	target := []string{"GOARCH=" + arch, "GOARM=5"}
	goTool(t, target, "build", "-o", program, module)
	goTool(t, target, "test", "-c", "-o", guest, "./guest")
	goTool(t, target, "test", "-c", "-o", v4l2, module+"/source/v4l2")
	initramfs := filepath.Join(dir, "initramfs")
	err = vm.Initramfs{
		Init:    guest,
		Files:   map[string]string{"/mjpegazer": program, "/v4l2.test": v4l2},
		Modules: []string{"vivid n_devs=1", "uvcvideo", "vhci-hcd"},
	}.Write(initramfs, k)
	if err != nil {
		t.Fatal(err)
	}
	said, failed, err := boot(t, k, initramfs, *guestRun)
	if failed != "" || err != nil {
		// To an emulated machine on a busy one even a plugged-in camera can be lost, and once in a while its processors lock
		// up where the kernel changes its own code. What has not to do with that fails twice.
		t.Logf("it is tried once more: %s %v\n%s", failed, err, said)
		said, failed, err = boot(t, k, initramfs, cmp.Or(failed, *guestRun))
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	report(t, said)
	if failed != "" {
		t.Errorf("failed in the virtual machine: %s", failed)
	}
}

// boot runs the tests that match a pattern in a virtual machine and returns what they said, and a pattern of those that
// failed; an error if the machine did not come to its end.
func boot(t *testing.T, k vm.Kernel, initramfs, run string) (said, failed string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	var text strings.Builder
	code, err := vm.Run(ctx, k, initramfs, []string{"RUN=" + run, "BENCH=" + *guestBench}, &text)
	var names []string
	for _, m := range guestResult.FindAllStringSubmatch(text.String(), -1) {
		if m[1] == "FAIL" {
			names = append(names, m[2])
		}
	}
	switch {
	case err != nil || code != 0 && len(names) == 0:
		return text.String(), "", fmt.Errorf("the virtual machine ended with code %d: %v", code, err)
	case len(names) > 0:
		failed = "^(" + strings.Join(names, "|") + ")$"
	}
	return text.String(), failed, nil
}

var guestResult = regexp.MustCompile(`(?m)^--- (PASS|FAIL|SKIP): (\S+) `)

// report makes the tests in there tests out here.
func report(t *testing.T, said string) {
	t.Log(said)
	for _, m := range guestResult.FindAllStringSubmatch(said, -1) {
		t.Run(m[2], func(t *testing.T) {
			switch m[1] {
			case "FAIL":
				t.Error("failed in the virtual machine; the log above says why")
			case "SKIP":
				t.Skip("skipped in the virtual machine")
			}
		})
	}
}
