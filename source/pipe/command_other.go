//go:build !unix

package pipe

import "os/exec"

// Without process groups only the command itself is ended.

type family struct{}

func newFamily(*exec.Cmd) family { return family{} }

func (family) kill() {}

func terminateGroup(cmd *exec.Cmd) { cmd.Process.Kill() }

func killGroup(cmd *exec.Cmd) { cmd.Process.Kill() }
