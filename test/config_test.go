package test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestConfigurationRecipes checks the README's configuration files, with what they name beside them.
func TestConfigurationRecipes(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	pair, err := os.ReadFile(certificate(t, directory))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"cert.pem": string(pair), "key.pem": string(pair), "users": secretUser, "reception-token": secretToken, "loading-password": "p@ss\n",
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	recipes, _ := filepath.Glob("recipes/*.yaml")
	if len(recipes) < 3 {
		t.Errorf("%d configuration files", len(recipes))
	}
	for _, recipe := range recipes {
		text, err := os.ReadFile(recipe)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(directory, filepath.Base(recipe))
		content := strings.NewReplacer("/run/mjpegazer/socket", filepath.Join(directory, "socket"), ":5000", "127.0.0.1:0", ":8443", "127.0.0.1:0").Replace(string(text))
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := command(t, "check", "-config", path)
		secrets := []string{"CAMERA_PASSWORD=a@b", "ROOF_KEY=k"}
		cmd.Env = append(cmd.Env, secrets...)
		if code, stdout, stderr := run(t, cmd); code != 0 || stderr != "" {
			t.Errorf("%s: exit %d, %s%s", recipe, code, stdout, stderr)
		}
		cmd = command(t, "-config", path)
		cmd.Env = append(cmd.Env, secrets...)
		p := launch(t, cmd)
		for _, camera := range regexp.MustCompile(`(?m)^  ([a-z]+):`).FindAllStringSubmatch(content, -1) {
			p.await(t, `(serving camera.* camera=`+camera[1]+`) `)
		}
		p.stop(t)
	}
}

// TestExampleIsRight prints it, and checks what was printed.
func TestExampleIsRight(t *testing.T) {
	t.Parallel()
	code, example, _ := run(t, command(t, "example"))
	path := writeFile(t, "mjpegazer.yaml", example, 0o600)
	if code != 0 {
		t.Errorf("exit %d", code)
	}
	cmd := command(t, "check")
	cmd.Env = append(cmd.Env, "MJPEGAZER_CONFIG="+path)
	if code, stdout, stderr := run(t, cmd); code != 0 || stderr != "" || stdout != path+": nothing is wrong; the cameras are test\n" {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
}

// TestCheck tells all mistakes, also those of the files that the configuration names, and exits with 1; so does the program
// itself, with 2.
func TestCheck(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "mjpegazer.yaml", "lingr: 1s\nusers: canary\ntoken: canary\ncameras:\n  door: canary://canary\n", 0o600)
	want := path + ":1:1: unknown key: did you mean linger?\n" + path + ":5:9: not a source. "
	for args, status := range map[string]int{"check -config " + path: 1, "-config " + path: 2} {
		code, stdout, stderr := run(t, command(t, strings.Fields(args)...))
		if code != status || stdout != "" || !strings.HasPrefix(stderr, want) || strings.Contains(stderr, "canary") {
			t.Errorf("%s: exit %d, %s%s\nwant %s", args, code, stdout, stderr, want)
		}
	}
	path = writeFile(t, "mjpegazer.yaml", "users: canary\ntoken: canary\ntls-cert: canary\ntls-key: canary\n", 0o600)
	code, _, stderr := run(t, command(t, "check", "-config", path))
	for _, line := range []string{":1:8: users: ", ":2:8: token: give the name of a file", ":3:11: tls-cert: "} {
		if code != 1 || !strings.Contains(stderr, path+line) || strings.Contains(stderr, "canary") {
			t.Errorf("exit %d, want %s in\n%s", code, line, stderr)
		}
	}
	if code, stdout, stderr := run(t, command(t, "check", "door=pattern:")); code != 0 || !strings.Contains(stdout, "door") {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
	if code, stdout, _ := run(t, command(t, "check", "-h")); code != 0 || !strings.Contains(stdout, "usage: mjpegazer check") {
		t.Errorf("exit %d, %s", code, stdout)
	}
}

// TestCheckDiff says in words what a reload would do.
func TestCheckDiff(t *testing.T) {
	t.Parallel()
	running := writeFile(t, "running.yaml", "listen: :5000\nmax-viewers: 5\ncameras:\n  a: http://u:canary@h/\n  b: 'pattern:'\n  c: 'pattern:'\n  d: 'pattern:'\n", 0o600)
	next := writeFile(t, "next.yaml", "listen: [:5000, 'unix:/s']\nstall: 5s\ncameras:\n  d: 'pattern:#stall=10s'\n  a: http://u:canary2@h/#stall=10s\n  b: {source: 'pattern:#stall=10s', title: B}\n  e: 'pattern:'\n", 0o600)
	want := "camera d is opened again, with another source or other options; its viewers stay\n" +
		"camera a is opened again, with another source or other options; its viewers stay\n" +
		"camera b is opened again, with another source or other options; its viewers stay\ncamera b has another title\ncamera e is added\n" +
		"camera c is removed: its viewers' streams end\nthe cameras have another order\nunix:/s opens\n" +
		"max-viewers changes: holds at once; nobody is cut off\n" +
		"stall changes: cameras that do not say otherwise are opened again; their viewers stay\n"
	code, stdout, stderr := run(t, command(t, "check", "-config", next, "-diff="+running))
	if code != 0 || stdout != want || stderr != "" {
		t.Errorf("exit %d, %s%s\nwant %s", code, stdout, stderr, want)
	}
	cmd := command(t, "check", "-diff", "-config", next)
	cmd.Env = append(cmd.Env, "MJPEGAZER_CONFIG="+next)
	if code, _, stderr := run(t, cmd); code != 1 || !strings.Contains(stderr, "edit a copy") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if code, stdout, _ := run(t, command(t, "check", "-diff="+running, "-config", writeFile(t, "same.yaml", "max-viewers: 5\nlisten: :5000\ncameras:\n  a: http://u:canary@h/\n  b: 'pattern:'\n  c: 'pattern:'\n  d: 'pattern:'\n", 0o600))); code != 0 || stdout != "nothing changes\n" {
		t.Errorf("exit %d, %s", code, stdout)
	}
	if code, stdout, _ := run(t, command(t, "check", "-example")); code != 0 || !strings.Contains(stdout, "cameras:") {
		t.Errorf("exit %d", code)
	}
}
