package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"mjpegazer/stream/streamtest"
)

// TestService runs the program as the systemd unit does.
func TestService(t *testing.T) {
	const everybody = "-listen :5000"
	unit, err := os.ReadFile(filepath.Join("recipes", "mjpegazer.service"))
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/mjpegazer (.*)$`).FindSubmatch(unit)
	if line == nil {
		t.Fatal("the unit does not start /usr/local/bin/mjpegazer")
	}
	if !strings.Contains(string(line[1]), everybody) {
		t.Fatalf("the unit has no %q any more", everybody)
	}
	verifyUnit(t, string(unit))
	camera := newCamera(t, 20*time.Millisecond, streamtest.OfSize(4_000).JPEG)
	args := strings.Replace(string(line[1]), everybody, anyPort, 1)
	cmd := command(t, strings.Fields(args)...)
	cmd.Env = append(cmd.Env, "VIDEO_URL="+camera.URL)
	p := start(t, cmd)
	watchAll(t, []*viewer{view(t, p.url+"/live")}, streamtest.OfSize(4_000), 3)
	if code, _ := p.stop(t); code != 0 {
		t.Errorf("exit code %d, on which systemd would start it again", code)
	}
}

// verifyUnit lets systemd look at the unit, where there is one.
func verifyUnit(t *testing.T, unit string) {
	t.Helper()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("no systemd-analyze here: the unit is not verified")
		return
	}
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "mjpegazer.service")
	unit = strings.NewReplacer("/usr/local/bin/mjpegazer", path, "/usr/bin/mjpegazer", path).Replace(unit)
	if err := os.WriteFile(file, []byte(unit), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// TestPackagedUnit lets systemd verify the packages' unit, and rate what an attacker could do who controls the program: from 0,
// nothing, to 10, everything.
func TestPackagedUnit(t *testing.T) {
	file := filepath.Join("..", ".ci", "package", "files", "mjpegazer.service")
	unit, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	analyze := need(t, "systemd-analyze", "systemd")
	verifyUnit(t, string(unit))
	out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--threshold=25", file).CombinedOutput()
	if err != nil {
		t.Errorf("more than 2.5: %v\n%s", err, out)
	}
}
