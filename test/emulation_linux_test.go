package test

import (
	"bytes"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// foreign are the processors of boards, and what plays them.
var foreign = []struct {
	name, qemu string
	env        []string
}{
	{"arm5", "qemu-arm-static", []string{"GOARCH=arm", "GOARM=5"}},
	{"arm64", "qemu-aarch64-static", []string{"GOARCH=arm64"}},
	{"mipsle", "qemu-mipsel-static", []string{"GOARCH=mipsle", "GOMIPS=softfloat"}},
	{"riscv64", "qemu-riscv64-static", []string{"GOARCH=riscv64"}},
}

// TestForeignProcessors runs the program as boards have it: pictures are compressed and sent there as here.
func TestForeignProcessors(t *testing.T) {
	notRacing(t)
	for _, f := range foreign {
		t.Run(f.name, func(t *testing.T) {
			qemu := need(t, f.qemu, "qemu-user-static")
			path := filepath.Join(t.TempDir(), "mjpegazer")
			goTool(t, f.env, "build", "-o", path, module)
			cmd := exec.CommandContext(t.Context(), qemu, path, anyPort, "pattern:#fps=10")
			cmd.Env = []string{"HOME=" + t.TempDir()}
			p := start(t, cmd)
			began := time.Now()
			v := view(t, p.url+"/live")
			if err := v.expect("--frame\r\n"); err != nil {
				t.Fatal(err)
			}
			var last []byte
			for i := range 3 {
				part, err := v.next()
				if err != nil {
					t.Fatal(err)
				}
				// Without floating point in hardware it took 30 s, when the card was drawn with it.
				if took := time.Since(began); i == 0 {
					t.Logf("the first picture took %v", took)
					if took > 5*2*time.Second {
						t.Error("that is longer than 2 s")
					}
				}
				if bytes.Equal(part.jpeg, last) {
					t.Error("the same picture twice")
				}
				last = part.jpeg
			}
			picture, err := jpeg.Decode(bytes.NewReader(last))
			if err != nil {
				t.Fatal(err)
			}
			if size := picture.Bounds().Size(); size.X != 1280 || size.Y != 720 {
				t.Errorf("the test card measures %v", size)
			}
			if code, _ := p.stop(t); code != 0 {
				t.Errorf("it ended with code %d", code)
			}
		})
	}
}

// goTool runs the go command for Linux on another processor. It compiles as a plain go build does, so that what has been
// compiled once need not be again.
func goTool(t *testing.T, env []string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux"), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, out)
	}
}

// TestForeignKernels checks on each processor what depends on it: the numbers and layouts by which webcams are spoken to.
func TestForeignKernels(t *testing.T) {
	notRacing(t)
	for _, f := range foreign {
		t.Run(f.name, func(t *testing.T) {
			qemu := need(t, f.qemu, "qemu-user-static")
			tests := filepath.Join(t.TempDir(), "v4l2.test")
			goTool(t, f.env, "test", "-c", "-o", tests, module+"/source/v4l2")
			if out, err := exec.CommandContext(t.Context(), qemu, tests).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
