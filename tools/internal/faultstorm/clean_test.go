package faultstorm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duskpress/tools/internal/sitetest"
)

// TestCleanSites has sites in three styles that nothing is wrong with: all
// checks are quiet, with the plugins and without.
func TestCleanSites(t *testing.T) {
	list, err := filepath.Glob("testdata/clean/*.txtar")
	if err != nil || len(list) < 3 {
		t.Fatalf("%d sites: %v", len(list), err)
	}
	for _, archive := range list {
		for _, profile := range []string{"duskpress", "compat"} {
			t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar")+"-"+profile, func(t *testing.T) {
				dir := t.TempDir()
				sitetest.Unpack(t, archive, dir)
				if profile == "compat" {
					for _, name := range []string{"hugo.toml", "hugo.yaml", "config/_default/params.toml"} {
						file := filepath.Join(dir, filepath.FromSlash(name))
						data, err := os.ReadFile(file)
						if err != nil {
							continue
						}
						var kept []string
						for _, line := range strings.SplitAfter(string(data), "\n") {
							if !strings.Contains(line, "duskpress") {
								kept = append(kept, line)
							}
						}
						sitetest.Write(t, file, strings.Join(kept, ""))
					}
				}
				out, exit := sitetest.Run(t, dir, sitetest.Tool(t), "check", "--quiet", "--clock", clock)
				if out != "" || exit != 0 {
					t.Errorf("exit %d\n%s", exit, out)
				}
			})
		}
	}
}
