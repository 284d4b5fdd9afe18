package v4l2

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Holders names the other programs that have the camera at path open, as in "ffmpeg (pid 1234)". Those of other users are
// seen by root alone.
func Holders(path string) []string {
	node, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil
	}
	var holders []string
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range processes {
		pid := filepath.Base(p)
		if pid == fmt.Sprint(os.Getpid()) || !holds(p, node) {
			continue
		}
		name, _ := os.ReadFile(p + "/comm")
		holders = append(holders, fmt.Sprintf("%s (pid %s)", strings.TrimSpace(string(name)), pid))
	}
	return holders
}

// Group names the group that may open the camera at path; empty where root alone may.
func Group(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Gid == 0 || stat.Mode&0o060 != 0o060 {
		return ""
	}
	group, err := user.LookupGroupId(strconv.Itoa(int(stat.Gid)))
	if err != nil {
		return ""
	}
	return group.Name
}

func holds(process, node string) bool {
	links, _ := filepath.Glob(process + "/fd/*")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == node {
			return true
		}
	}
	return false
}
