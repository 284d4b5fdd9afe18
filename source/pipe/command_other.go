//go:build !unix

package pipe

import "os/exec"

// There are no process groups here: the command alone is ended.

func ownGroup(*exec.Cmd) {}

func terminateGroup(cmd *exec.Cmd) { cmd.Process.Kill() }

func killGroup(cmd *exec.Cmd) { cmd.Process.Kill() }
