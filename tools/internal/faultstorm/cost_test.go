package faultstorm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"duskpress/tools/internal/sitetest"
)

// checkers are the plugins that only look. What facts finds is wanted by others
// too, but it looks for faults in passing, so it counts.
var checkers = []string{"budget", "facts", "faults", "formats", "keys", "languages", "linkcheck", "lists", "marks", "pictures", "posts", "rawhtml", "values"}

// TestCost compares cold builds with all checks and without any:
// DUSKPRESS_COST=2000 is the number of posts. It compares processor time, since
// other things run on most machines, and takes medians of builds in turn. Without
// the variable the site is so small that only the builds themselves are held to
// something, and no share.
func TestCost(t *testing.T) {
	posts, err := strconv.Atoi(os.Getenv("DUSKPRESS_COST"))
	judged := err == nil
	dirs := make(map[bool]string)
	for _, checks := range []bool{true, false} {
		s := newSite(7, true)
		for i := len(s.posts); i < posts; i++ {
			s.add(fmt.Sprintf("content/posts/more-%d.md", i), front[i%3], i)
		}
		s.after = append(s.after, "[params.duskpress.plugins.search]", "disabled = true")
		if !checks {
			for _, name := range checkers {
				s.after = append(s.after, fmt.Sprintf("[params.duskpress.plugins.%s]\ndisabled = true", name))
			}
		}
		dirs[checks] = t.TempDir()
		s.write(t, dirs[checks])
	}
	times := make(map[bool][]float64)
	for range 3 {
		for _, checks := range []bool{true, false} {
			if err := os.RemoveAll(filepath.Join(dirs[checks], ".duskpress")); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), sitetest.Tool(t), "check", "--quiet", "--clock", clock)
			cmd.Dir, cmd.Env = dirs[checks], sitetest.Env()
			if out, err := cmd.CombinedOutput(); err != nil || checks && len(out) > 0 {
				t.Fatalf("%v\n%s", err, out)
			}
			times[checks] = append(times[checks], (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
		}
	}
	for _, list := range times {
		slices.Sort(list)
	}
	share := times[true][1]/times[false][1] - 1
	t.Logf("%d posts: the checks add %.1f %% of processor time (%.1f s and %.1f s)", posts, 100*share, times[true][1], times[false][1])
	if judged && share > 0.2 {
		t.Errorf("more than 20 %%")
	}
}
