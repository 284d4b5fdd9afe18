package pipe

import (
	"bytes"
	"crypto/rand"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// familyVariable marks a command and its descendants in their environment.
const familyVariable = "_MJPEGAZER_COMMAND"

// A family is a command and its descendants, also those in other sessions, which a signal to its group does not reach.
type family struct{ mark string }

// newFamily makes a command, before it starts, the leader of a process group, and has it killed when this program dies.
func newFamily(cmd *exec.Cmd) family {
	f := family{familyVariable + "=" + rand.Text()}
	cmd.Env = append(cmd.Environ(), f.mark)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return f
}

// kill kills what is left, until nothing is: a process may start another one before it dies.
func (f family) kill() {
	for range 10 {
		left := f.members()
		for _, pid := range left {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		if len(left) == 0 {
			return
		}
	}
}

// members returns the processes with the mark. Those of other users cannot be read, and are not the command's.
func (f family) members() (pids []int) {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer proc.Close()
	names, _ := proc.Readdirnames(-1)
	mark := []byte(f.mark)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		environ, err := os.ReadFile("/proc/" + name + "/environ")
		if err == nil && bytes.Contains(environ, mark) && !dead(name) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// dead reports whether a process has ended, also if its parent has not noted that yet.
func dead(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return true
	}
	_, state, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " ")
	return strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X")
}
