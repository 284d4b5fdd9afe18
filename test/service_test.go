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

// unitFile is the unit of the packages.
var unitFile = filepath.Join("..", ".ci", "package", "files", "mjpegazer.service")

// TestService runs the program as the unit does, with a configuration of the test's own.
func TestService(t *testing.T) {
	unit, err := os.ReadFile(unitFile)
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^ExecStart=/usr/bin/mjpegazer -config (\S+)$`).FindSubmatch(unit)
	if line == nil || string(line[1]) != "/etc/mjpegazer/mjpegazer.yaml" {
		t.Fatalf("the unit does not start /usr/bin/mjpegazer with its configuration: %q", line)
	}
	camera := newCamera(t, 20*time.Millisecond, streamtest.OfSize(4_000).JPEG)
	file := writeFile(t, "mjpegazer.yaml", "listen: 127.0.0.1:0\ncameras:\n  door: "+camera.URL+"\n", 0o600)
	p := start(t, command(t, "-config", file))
	watchAll(t, []*viewer{view(t, p.url+"/live")}, streamtest.OfSize(4_000), 3)
	if code, _ := p.stop(t); code != 0 {
		t.Errorf("exit code %d, on which systemd would start it again", code)
	}
}

// TestUnit lets systemd verify the unit, and rate what an attacker could do who controls the program: from 0, nothing, to 10,
// everything.
func TestUnit(t *testing.T) {
	analyze := need(t, "systemd-analyze", "systemd")
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	unit, err := os.ReadFile(unitFile)
	if err != nil {
		t.Fatal(err)
	}
	file := writeFile(t, "mjpegazer.service", strings.ReplaceAll(string(unit), "/usr/bin/mjpegazer", path), 0o600)
	if out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--threshold=25", file).CombinedOutput()
	if err != nil {
		t.Errorf("more than 2.5: %v\n%s", err, out)
	}
}
