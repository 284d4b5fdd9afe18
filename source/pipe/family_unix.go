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

// kill does nothing: descendants in other sessions can be found on Linux alone.
func (family) kill() {}
