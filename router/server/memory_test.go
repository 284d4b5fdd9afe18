package server

import (
	"net/http"
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

// TestConnectionCount forgets connections that a handler has taken over: nothing more is heard of them.
func TestConnectionCount(t *testing.T) {
	var count connectionCount
	for _, last := range []http.ConnState{http.StateClosed, http.StateHijacked} {
		for _, state := range []http.ConnState{http.StateNew, http.StateActive, last} {
			count.note(nil, state)
		}
	}
	if count.open != 0 || count.most != 1 {
		t.Errorf("%d connections open, %d at most; want 0, 1", count.open, count.most)
	}
}
