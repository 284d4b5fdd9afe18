package test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestService runs the program as the systemd unit does.
func TestService(t *testing.T) {
	unit, err := os.ReadFile(filepath.Join("recipes", "mjpegazer.service"))
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/mjpegazer (.*)$`).FindSubmatch(unit)
	if line == nil {
		t.Fatal("the unit does not start /usr/local/bin/mjpegazer")
	}
	camera := newCamera(t, 20*time.Millisecond, picturesOf(4_000).take)
	args := strings.Replace(string(line[1]), "-listen :5000", anyPort, 1)
	cmd := command(t, strings.Fields(args)...)
	cmd.Env = append(cmd.Env, "VIDEO_URL="+camera.url())
	p := start(t, cmd)
	watchAll(t, []*viewer{view(t, p.url+"/live")}, picturesOf(4_000), 3)
	if code, _ := p.stop(t); code != 0 {
		t.Errorf("exit code %d, on which systemd would start it again", code)
	}
}
