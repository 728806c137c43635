package wholebuild

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"duskpress/tools/internal/sitetest"
)

// TestReadmePlugin compiles the plugin that the README shows, step by step, and
// wants the output that it shows.
func TestReadmePlugin(t *testing.T) {
	parallel(t)
	root := sitetest.Root(t)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, steps, _ := strings.Cut(string(readme), "\n### An example, step by step\n")
	steps, _, _ = strings.Cut(steps, "\n## ")
	m := regexp.MustCompile("(?s)Write `(tools/plugins/[a-z]+\\.go)`:\n\n```go\n(.*?)```").FindStringSubmatch(steps)
	shown := regexp.MustCompile("(?s)```console\n\\$ go run ./tools (plugins|build)\n(.*?)```").FindAllStringSubmatch(steps, -1)
	configs := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(steps, -1)
	if m == nil || len(shown) != 2 || len(configs) != 2 {
		t.Fatalf("the README's steps are not understood:\n%s", steps)
	}

	// The file is not written into the repository: the compiler is told to see it there.
	dir := t.TempDir()
	source, tool, site := filepath.Join(dir, "plugin.go"), filepath.Join(dir, "duskpress"), filepath.Join(dir, "site")
	sitetest.Write(t, source, m[2])
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, filepath.FromSlash(m[1])): source}})
	if err != nil {
		t.Fatal(err)
	}
	sitetest.Write(t, filepath.Join(dir, "overlay.json"), string(overlay))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", tool, "./tools")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}

	sitetest.CopyRepoSite(t, site)
	sitetest.Write(t, filepath.Join(site, "content", "posts", "stray.md"), "+++\ntitle = \"Stray\"\ndate = 2026-11-03\ndescription = \"It has no tags.\"\n+++\n\nThe queue stopped at nine.\n")
	figures := regexp.MustCompile(`(?m)^\d+ pages, .*`) // of another machine, and before the next sample
	for _, s := range shown {
		out, exit := sitetest.Run(t, site, tool, s[1], "--clock", "2026-11-22T00:00:00Z")
		if exit != 0 {
			t.Errorf("%s: exit %d\n%s", s[1], exit, out)
		}
		for line := range strings.Lines(figures.ReplaceAllString(s[2], "…")) {
			if line != "…\n" && !strings.Contains(out, line) {
				t.Errorf("the README shows a line that %s does not print: %s%s", s[1], line, out)
			}
		}
	}

	config, err := os.ReadFile(filepath.Join(site, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	sitetest.Write(t, filepath.Join(site, "config.toml"), string(config)+configs[0][1])
	if out, exit := sitetest.Run(t, site, tool, "build"); exit != 0 || strings.Contains(out, "no tags") {
		t.Errorf("for another section: exit %d\n%s", exit, out)
	}
	sitetest.Write(t, filepath.Join(site, "config.toml"), string(config)+configs[1][1])
	if out, exit := sitetest.Run(t, site, tool, "build"); exit != 1 || !strings.Contains(out, "error: the post has no tags [untagged]") {
		t.Errorf("as an error: exit %d\n%s", exit, out)
	}
}
