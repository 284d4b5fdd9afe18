//go:build unix

package pipe_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mjpegazer/source/pipe"
)

func TestCommand(t *testing.T) {
	want := [][]byte{picture(1, 64, 48), picture(2, 64, 48)}
	got, err := collect(t, parse(t, "exec:cat '"+write(t, want...)+"'"), 3)
	same(t, got, want)
	if err == nil || err.Error() != "the command ended" {
		t.Error(err)
	}
}

func TestCommandSaysWhy(t *testing.T) {
	for text, want := range map[string]string{
		`exec:sh -c "echo 'a canary1/2' >&2; exit 3" canary1`: "the command ended (exit status 3) without a picture: a …/2",
		`exec:sh -c 'kill -9 $$'`:                             "the command ended (signal: killed) without a picture",
		`exec:true`:                                           "the command ended without a picture",
		`exec:/nowhere/program rtsp://canary2@host/`:          "the command program was not found: is it installed?",
		`exec:/dev/null canary3`:                              "the command null cannot be run",
		`exec:sh -c "seq 100000 >&2"`:                         "a picture: 99998; 99999; …",
	} {
		_, err := collect(t, parse(t, text), 1)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}

// What a command says is shown without the words of its arguments and without what looks like a secret: however short they
// are, however they are encoded, and wherever the part that is shown begins.
func TestCommandKeepsSecrets(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for script, want := range map[string]string{
		`echo "wrong: $1"`:                                "wrong: -…",
		`echo "sent ab1 or -canary-q"`:                    "sent … or -…",
		`echo "get rtsp://own:canary@cam/s?canary: no"`:   "get rtsp://…@cam/s?… no",
		`printf canary3+canary3 | base64`:                 "a picture: …",
		`printf "password: canary7\n"`:                    "password: …",
		`echo ` + long + `canary-qcanary-q; echo end`:     "picture: end",
		`printf "` + long + `canary-q7"`:                  "without a picture",
		`seq 3000; printf "canary%.0s-q7 " $(seq 40)`:     "2999; 3000; …",
		`printf '\033[2J\342\200\256bell\007\377 rest\n'`: "[2Jbell rest",
		`printf "%0490d canary-q7 and the end" 1`:         " … and the end",
	} {
		command := &pipe.Command{Args: []string{writeScript(t, script), "-canary-q7", "ab1", "--key=canary3", "canary-q7"}}
		_, err := collect(t, command, 1)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%.60s: %v; want %s", script, err, want)
		}
	}
}

// writeScript writes a program that runs a script of the shell, which writes to its standard error.
func writeScript(t *testing.T, script string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "camera")
	if err := os.WriteFile(name, []byte("#!/bin/sh\nexec 1>&2\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

// Whatever a command has started ends with it, and a stubborn one is killed.
func TestCommandEndsWithItsGroup(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		within time.Duration
	}{
		"willing":  {"sleep 1000 & echo $! > PID; cat FILE; wait", 5 * time.Second},
		"stubborn": {"trap '' TERM; (trap '' TERM; sleep 1000) & echo $! > PID; cat FILE; while :; do sleep 1000; done", 8 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := write(t, picture(1, 64, 48))
			pid := file + ".pid"
			script := strings.NewReplacer("PID", "'"+pid+"'", "FILE", "'"+file+"'").Replace(test.script)
			start := time.Now()
			if got, _ := collect(t, &pipe.Command{Args: []string{"sh", "-c", script}}, 1); len(got) != 1 {
				t.Fatal("no picture")
			}
			if took := time.Since(start); took > test.within {
				t.Errorf("it took %v to end", took)
			}
			text, err := os.ReadFile(pid)
			if err != nil {
				t.Fatal(err)
			}
			child, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			for range 100 {
				if gone(child) {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
			t.Errorf("process %d is left", child)
		})
	}
}

// A command that leaves its session, as daemons do, is ended all the same.
func TestCommandEndsWithItsSessions(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the processes that a command has started are known on Linux only")
	}
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip("install util-linux for setsid")
	}
	file := write(t, picture(1, 64, 48))
	pid := file + ".pid"
	script := strings.NewReplacer("PID", "'"+pid+"'", "FILE", "'"+file+"'").
		Replace("setsid sh -c 'setsid sleep 1000 & echo $! > \"$0\"; exec sleep 1000' PID >/dev/null 2>&1 & while ! [ -s PID ]; do sleep 0.01; done; cat FILE; wait")
	for _, n := range []int{1, 2} { // ended by the context, and by itself
		if got, _ := collect(t, &pipe.Command{Args: []string{"sh", "-c", script}}, n); len(got) == 0 {
			t.Fatal("no picture")
		}
		text, err := os.ReadFile(pid)
		if err != nil {
			t.Fatal(err)
		}
		child, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if gone(child) {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if !gone(child) {
			t.Errorf("process %d is left", child)
		}
		script = strings.TrimSuffix(script, "; wait")
		os.Remove(pid)
	}
}

// gone reports whether a process has ended, also if its parent has not noted that yet.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}
