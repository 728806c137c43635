package hugo

import (
	"math"
	"os"
	"runtime/debug"
	"testing"

	"github.com/gohugoio/hugo/config"
)

func TestShareMemoryLimit(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(20 << 30))
	t.Setenv(memoryLimit, "")
	restore := shareMemoryLimit()
	if got := config.GetMemoryLimit(); got < 17<<30 || got > 19<<30 {
		t.Errorf("Hugo's limit is %d", got)
	}
	restore()
	if got, set := os.LookupEnv(memoryLimit); got != "" || !set {
		t.Errorf("afterwards the environment has %q, %v", got, set)
	}
	t.Setenv(memoryLimit, "3")
	shareMemoryLimit()()
	if got := os.Getenv(memoryLimit); got != "3" {
		t.Errorf("the environment's own limit became %q", got)
	}
	debug.SetMemoryLimit(math.MaxInt64)
	t.Setenv(memoryLimit, "")
	restore = shareMemoryLimit()
	if got := os.Getenv(memoryLimit); got != "" {
		t.Errorf("without a limit Hugo is given %q", got)
	}
	restore()
}
