//go:build unix && !linux

package pipe

import (
	"os/exec"
	"syscall"
)

// A family is a command's process group.
type family struct{}

func newFamily(cmd *exec.Cmd) family {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return family{}
}

// kill has nothing to do: only Linux tells of more than the group.
func (family) kill() {}
