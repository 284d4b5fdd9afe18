package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestManual formats the manual page of a release, which has every flag, and nothing that troff would warn of.
func TestManual(t *testing.T) {
	dir := released(t)
	page := filepath.Join(t.TempDir(), "mjpegazer.1")
	text := unpacked(t, filepath.Join(dir, "mjpegazer_1.2.3_linux_amd64.tar.gz"))["mjpegazer.1"].content
	if err := os.WriteFile(page, text, 0o644); err != nil {
		t.Fatal(err)
	}
	groff := exec.CommandContext(t.Context(), need(t, "groff", "groff-base"), "-man", "-ww", "-Kutf8", "-Tutf8", "-P-cbou", page)
	var warnings strings.Builder
	groff.Stderr = &warnings
	out, err := groff.Output()
	if err != nil || warnings.Len() > 0 {
		t.Errorf("%v\n%s", err, &warnings)
	}
	shown := string(out)
	_, help, _ := run(t, command(t, "-h"))
	for _, flag := range helpFlags(help) {
		if !regexp.MustCompile(`(?m)^ +` + flag + `\b`).MatchString(shown) {
			t.Errorf("the page has no %s", flag)
		}
	}
	for _, section := range []string{"SYNOPSIS", "SOURCES", "OPTIONS", "ENVIRONMENT", "FILES", "SIGNALS"} {
		if !strings.Contains(shown, "\n"+section+"\n") {
			t.Errorf("the page has no %s", section)
		}
	}
	if regexp.MustCompile(`@[A-Z]+@`).MatchString(shown) {
		t.Error("a part of the page is not filled in")
	}
}

// helpFlags are the flags in what the program says under -h.
func helpFlags(help string) (flags []string) {
	for _, m := range regexp.MustCompile(`(?m)^  (-[a-z0-9-]+)`).FindAllStringSubmatch(help, -1) {
		flags = append(flags, m[1])
	}
	return flags
}

// TestCompletion presses Tab.
func TestCompletion(t *testing.T) {
	bash := need(t, "bash", "bash")
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs(filepath.Join("..", ".ci", "package", "files", "mjpegazer.bash"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"users", "token"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for typed, want := range map[string]string{
		"mjpegazer pro":                "probe",
		"mjpegazer -max-v":             "-max-viewers -max-viewers-per-camera",
		"mjpegazer -log-level ":        "debug error info warn",
		"mjpegazer -log-format j":      "json",
		"mjpegazer -users us":          "users",
		"mjpegazer -keep -users ":      "token users",
		"mjpegazer -max-viewers ":      "",
		"mjpegazer -keep -tls-":        "-tls-cert -tls-key",
		"mjpegazer -listen :5000 pro":  "",
		"mjpegazer -keep door=http://": "",
		"mjpegazer link -ca":           "-camera",
		"mjpegazer link -what ":        "live page snapshot",
		"mjpegazer link -link-key us":  "users",
	} {
		words := strings.Split(typed, " ")
		// bash sets these before it calls the function that complete -F names.
		press := `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
			compopt() { :; } # it works only at a prompt
			_mjpegazer mjpegazer "${@: -1}" "${@: -2:1}"; printf '%s\n' "${COMPREPLY[@]}" | sort`
		cmd := exec.CommandContext(t.Context(), bash, append([]string{"--norc", "-c", press, "bash", script}, words...)...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + filepath.Dir(path) + ":" + os.Getenv("PATH")}
		code, out, errs := run(t, cmd)
		if offered := strings.Join(strings.Fields(out), " "); code != 0 || errs != "" || offered != want {
			t.Errorf("%q is offered %q with code %d, %s", typed, offered, code, errs)
		}
	}
}
