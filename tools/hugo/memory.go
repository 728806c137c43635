package hugo

import (
	"math"
	"os"
	"runtime/debug"
	"strconv"
)

// Hugo drops what it keeps of pages once a quarter of the machine's memory is in
// use, and makes it again when it is asked for: of a very large site over and over.
// This process is kept to a limit of its own by the collector, so Hugo begins to
// drop things shortly below that.

const memoryLimit = "HUGO_MEMORYLIMIT" // in gigabytes

// shareMemoryLimit lets Hugo know the collector's limit while it is set up, unless
// the environment has one for it.
func shareMemoryLimit() (restore func()) {
	limit := debug.SetMemoryLimit(-1)
	before, set := os.LookupEnv(memoryLimit)
	if before != "" || limit == math.MaxInt64 {
		return func() {}
	}
	_ = os.Setenv(memoryLimit, strconv.FormatFloat(float64(limit)/(1<<30)*0.9, 'f', 3, 64))
	return func() {
		if set {
			_ = os.Setenv(memoryLimit, before)
		} else {
			_ = os.Unsetenv(memoryLimit)
		}
	}
}
