//go:build !unix

package pipe

import "os/exec"

// There are no process groups here: the command alone is ended.

type family struct{}

func newFamily(*exec.Cmd) family { return family{} }

func (family) kill() {}

func terminateGroup(cmd *exec.Cmd) { cmd.Process.Kill() }

func killGroup(cmd *exec.Cmd) { cmd.Process.Kill() }
