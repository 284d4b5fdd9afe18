package server

import (
	"testing"
	"testing/fstest"
)

func TestCgroupLimit(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		limit int64 // 0: none
	}{
		"version 2": {map[string]string{
			"proc/self/cgroup":                                        "0::/system.slice/mjpegazer.service\n",
			"sys/fs/cgroup/system.slice/memory.max":                   "max\n",
			"sys/fs/cgroup/system.slice/mjpegazer.service/memory.max": "67108864\n",
		}, 64 << 20},
		"version 2, of a group above": {map[string]string{
			"proc/self/cgroup":                                        "0::/system.slice/mjpegazer.service\n",
			"sys/fs/cgroup/system.slice/memory.max":                   "33554432\n",
			"sys/fs/cgroup/system.slice/mjpegazer.service/memory.max": "67108864\n",
		}, 32 << 20},
		"version 2 in a container": {map[string]string{
			"proc/self/cgroup":         "0::/\n",
			"sys/fs/cgroup/memory.max": "67108864\n",
		}, 64 << 20},
		"version 1": {map[string]string{
			"proc/self/cgroup":                                       "8:pids:/\n4:memory:/docker/0123\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":             "9223372036854771712\n",
			"sys/fs/cgroup/memory/docker/0123/memory.limit_in_bytes": "67108864\n",
		}, 64 << 20},
		"version 1 in a container": {map[string]string{
			"proc/self/cgroup":                           "4:memory:/docker/0123\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "67108864\n",
		}, 64 << 20},
		"no limit": {map[string]string{
			"proc/self/cgroup":                           "4:memory:/\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
			"sys/fs/cgroup/memory.max":                   "max\n",
		}, 0},
		"another system": {nil, 0},
	} {
		root := fstest.MapFS{}
		for path, text := range test.files {
			root[path] = &fstest.MapFile{Data: []byte(text)}
		}
		limit, ok := cgroupLimit(root)
		if ok != (test.limit > 0) || ok && limit != test.limit {
			t.Errorf("%s: %d, %t, want %d", name, limit, ok, test.limit)
		}
	}
}

// What was used and is no longer is released once; what is in use, or comes and goes quickly, is left alone.
func TestMemoryIsReleased(t *testing.T) {
	k := memoryKeeper{held: 20 << 20}
	for _, step := range []struct {
		held, allocated uint64 // MiB; allocated since the step before
		want            bool
	}{
		{22, 1, false}, {90, 80, false}, {90, 200, false}, {90, 1, true}, {90, 1, true},
	} {
		k.allocated = 0
		if got := k.due(step.held<<20, step.allocated<<20); got != step.want {
			t.Errorf("%d MiB held, %d allocated: %t", step.held, step.allocated, got)
		}
	}
	k.held = 85 << 20 // as much is still in use after the release
	if k.allocated = 0; k.due(90<<20, 1<<20) {
		t.Error("it is released again and again")
	}
	if k.due(15<<20, 1<<20); k.held != 15<<20 {
		t.Error("less is held, and that is not noted")
	}
}
