package main

import (
	"io/fs"
	"runtime"
	"testing"

	"duskpress/tools/internal/testenv"
)

func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		testenv.Lacks(t, testenv.System, "only Linux tells how much memory there is")
	}
	const total = "MemFree: 1 kB\nMemTotal:  8000000 kB\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"nothing", nil, 0},
		{"a machine", map[string]string{"/proc/meminfo": total}, 8000000 << 10},
		{"no limit", map[string]string{"/proc/meminfo": total, "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/memory.max": "max\n"}, 8000000 << 10},
		{"v2", map[string]string{"/proc/meminfo": total, "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/memory.max": "2000000000\n"}, 2000000000},
		{"v2, above", map[string]string{"/proc/meminfo": total, "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/memory.max": "max\n", "/sys/fs/cgroup/a/memory.max": "1000000000\n"}, 1000000000},
		{"v2, in a container", map[string]string{"/proc/meminfo": total, "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "500000000\n"}, 500000000},
		{"v1", map[string]string{"/proc/meminfo": total, "/proc/self/cgroup": "3:cpu:/x\n4:memory:/docker/1\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": "700000000\n", "/sys/fs/cgroup/memory.max": "1\n"}, 700000000},
		{"v1, none", map[string]string{"/proc/meminfo": total, "/proc/self/cgroup": "4:memory:/\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 8000000 << 10},
	} {
		got := memory(func(name string) ([]byte, error) {
			if text, ok := c.files[name]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		})
		if got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		live, spare uint64
		want        int
	}{
		{0, 48 << 20, 400}, {10 << 20, 48 << 20, 400}, {24 << 20, 48 << 20, 200}, {48 << 20, 48 << 20, 100}, {96 << 20, 48 << 20, 50}, {4 << 30, 48 << 20, 45},
		{100 << 20, 480 << 20, 400}, {480 << 20, 480 << 20, 100}, {960 << 20, 480 << 20, 50}, {4 << 30, 480 << 20, 45},
	} {
		if got := percent(c.live, c.spare); got != c.want {
			t.Errorf("percent(%d, %d) = %d, want %d", c.live, c.spare, got, c.want)
		}
	}
}
