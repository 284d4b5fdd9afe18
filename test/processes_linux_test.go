package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// processes is a program, by its first process, with all those that it has started, and that they have.
type processes int

// all are the processes there are now.
func (p processes) all(tb testing.TB) []int {
	tb.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		tb.Fatal(err)
	}
	children := map[int][]int{}
	for _, file := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if fields := statOf(pid); len(fields) > 1 {
			parent, _ := strconv.Atoi(fields[1])
			children[parent] = append(children[parent], pid)
		}
	}
	all := []int{int(p)}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// statOf are the fields of /proc/PID/stat that follow the name of the program, which may hold blanks; nil: it has ended.
func statOf(pid int) []string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
}

// cpuTime is what all have used of the processors, with those that have ended and were waited for.
func (p processes) cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	const tick = 10 * time.Millisecond
	var ticks int
	for _, pid := range p.all(tb) {
		if fields := statOf(pid); len(fields) > 14 {
			for _, field := range fields[11:15] {
				n, _ := strconv.Atoi(field)
				ticks += n
			}
		}
	}
	return time.Duration(ticks) * tick
}

// memory is what all have in memory, in bytes; what several share is counted once.
func (p processes) memory(tb testing.TB) (bytes int) {
	tb.Helper()
	for _, pid := range p.all(tb) {
		maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(maps), "\nPss:")
		if fields := strings.Fields(rest); len(fields) > 0 {
			kilobytes, _ := strconv.Atoi(fields[0])
			bytes += kilobytes << 10
		}
	}
	return bytes
}
