package main

import (
	"math"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"

	"duskpress/tools/pipeline"
)

// tune fits the collector to the machine. A small site need not be collected
// over and over while it has less than a few dozen megabytes; a large one is
// collected more often as it comes near to what the machine, or the container,
// has. Who sets GOGC or GOMEMLIMIT has it as they say.
func tune() {
	if os.Getenv("GOMEMLIMIT") == "" {
		if most := memory(os.ReadFile); most > 0 {
			debug.SetMemoryLimit(most / 10 * 7)
		}
	}
	if os.Getenv("GOGC") == "" {
		spare.Store(leastSpare)
		debug.SetGCPercent(percent(0, leastSpare))
		afterCollection()
	}
}

// leastSpare is how much garbage there may be in any case.
const leastSpare = 40 << 20

// spare is how much garbage there may be beside what lives.
var spare atomic.Uint64

// expect allows as much garbage as a site of this size will have in the end, so
// that on the way there it is not collected for nothing: by then a byte of content
// has become ten or more that live, of which percent allows about half.
func expect(c *pipeline.Collection) {
	bytes := uint64(0)
	for _, content := range c.Contents {
		bytes += uint64(content.Size)
	}
	spare.Store(max(leastSpare, 5*bytes))
}

// percent is how much garbage there may be, in parts of a hundred of what lives:
// as much as spare, and in any case somewhat less than half of what lives, which
// takes more time than Go's own hundred and less memory.
func percent(live, spare uint64) int {
	if live <= spare/4 {
		return 400
	}
	return max(45, int(spare*100/live))
}

// A sentinel is garbage at once: its end marks that of a collection.
type sentinel struct{ _ *byte }

func afterCollection() {
	runtime.SetFinalizer(&sentinel{new(byte)}, func(*sentinel) {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		if sample[0].Value.Kind() == metrics.KindUint64 {
			debug.SetGCPercent(percent(sample[0].Value.Uint64(), spare.Load()))
		}
		afterCollection()
	})
}

// memory is how many bytes this process may have: those of the machine, or fewer
// where a container sets a limit. 0 is unknown.
func memory(read func(string) ([]byte, error)) int64 {
	if runtime.GOOS != "linux" {
		return 0
	}
	least := int64(math.MaxInt64)
	if data, err := read("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "MemTotal:" {
				if kb, err := strconv.ParseInt(f[1], 10, 64); err == nil {
					least = min(least, kb<<10)
				}
			}
		}
	}
	groups, err := read("/proc/self/cgroup")
	if err != nil {
		groups = nil
	}
	for line := range strings.Lines(string(groups)) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, ok := strings.Cut(rest, ":")
		root, name := "/sys/fs/cgroup", "memory.max"
		switch {
		case !ok:
			continue
		case controllers == "":
		case strings.Contains(","+controllers+",", ",memory,"):
			root, name = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		// A limit of any group above holds too. Inside a container the group may
		// have a name that is only known outside; its own files stand at the root.
		for at := path.Clean("/" + group); ; at = path.Dir(at) {
			if data, err := read(filepath.Join(root, at, name)); err == nil {
				if n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err == nil && n > 0 {
					least = min(least, n)
				}
			}
			if at == "/" {
				break
			}
		}
	}
	if least == math.MaxInt64 {
		return 0
	}
	return least
}
